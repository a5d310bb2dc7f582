import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { build, type Plugin } from 'esbuild'
import { documentSchema } from '../cli/documents.ts'
import { home } from '../home.ts'
import { manifest } from '../manifest/schema.ts'
import { ajvOptions } from '../manifest/validate.ts'
import { ask } from '../run/exec.ts'
import { librariesIn, notices } from './notices.ts'

/** Puts the validation function that ajv would make at each start where it is made. */
export const compiledSchema: Plugin = {
  name: 'compiled-schema',
  setup({ onLoad }) {
    onLoad({ filter: /\/manifest\/validate\.ts$/ }, ({ path }) => {
      const ajv = new Ajv({ ...ajvOptions, code: { source: true, esm: true } })
      ajv.addSchema(manifest, 'validate')
      const contents = standalone.default(ajv, { validate: 'validate' })
      return { contents, loader: 'js', resolveDir: dirname(path) }
    })
  },
}

/** Which commit this is, and whether that is all; a packed tree does not know. */
async function commit(): Promise<string> {
  const git = ['git', '-C', home]
  const text = await ask([...git, 'log', '-1', '--format=%h of %cs'])
  if (!text) return 'unknown'
  return (await ask([...git, 'status', '--porcelain'])) ? `${text}, changed since` : text
}

/**
 * Makes dist/: the command with the libraries it uses, split so that each command loads only its own
 * part. Bundled, npx fetches one small package instead of thirty, and node opens a few files instead
 * of hundreds.
 */
export async function makeDist(outdir: string, { sourceMaps = false } = {}): Promise<void> {
  rmSync(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: home,
    entryPoints: [join(home, 'scripts/cli.ts')],
    outdir,
    bundle: true,
    plugins: [compiledSchema],
    splitting: true,
    minify: true,
    // For tests that ask which lines are run.
    sourcemap: sourceMaps ? 'inline' : false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Some libraries' "main" is a UMD file, which cannot be split.
    mainFields: ['module', 'main'],
    // THIRD-PARTY-NOTICES has them all, whole.
    legalComments: 'none',
    metafile: true,
    // CommonJS libraries in a bundle of modules ask for node's own through require.
    banner: {
      js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
    },
  })
  copyFileSync(join(home, 'scripts/entry.cjs'), join(outdir, 'entry.cjs'))
  chmodSync(join(outdir, 'entry.cjs'), 0o755)
  writeFileSync(join(outdir, 'start.cjs'), "import('./cli.js')\n")
  const libraries = librariesIn(metafile)
  writeFileSync(join(outdir, 'THIRD-PARTY-NOTICES'), notices(libraries))
  // For editors: what a manifest names as its $schema.
  writeFileSync(join(outdir, 'manifest.schema.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  // For those who read what --json prints.
  writeFileSync(
    join(outdir, 'documents.schema.json'),
    `${JSON.stringify(documentSchema, null, 2)}\n`,
  )
  // The last: package.json's prepare takes it for the sign that all is there.
  const builtFrom = {
    commit: await commit(),
    libraries: libraries.map(({ name, version, license }) => ({ name, version, license })),
  }
  writeFileSync(join(outdir, 'built-from.json'), `${JSON.stringify(builtFrom, null, 2)}\n`)
}
