import { chmodSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { build, type Plugin } from 'esbuild'
import { home } from '../home.ts'
import schema from '../manifest/schema.json' with { type: 'json' }
import { ajvOptions } from '../manifest/validate.ts'

/** Puts the validation function that ajv would make at each start where it is made. */
export const compiledSchema: Plugin = {
  name: 'compiled-schema',
  setup({ onLoad }) {
    onLoad({ filter: /\/manifest\/validate\.ts$/ }, ({ path }) => {
      const ajv = new Ajv({ ...ajvOptions, code: { source: true, esm: true } })
      ajv.addSchema(schema, 'validate')
      const contents = standalone.default(ajv, { validate: 'validate' })
      return { contents, loader: 'js', resolveDir: dirname(path) }
    })
  },
}

/**
 * Makes dist/: the command with the libraries it uses, split so that each command loads only its own
 * part. Bundled, npx fetches one small package instead of thirty, and node opens a few files instead
 * of hundreds.
 */
export async function makeDist(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true })
  await build({
    entryPoints: [join(home, 'scripts/cli.ts')],
    outdir,
    bundle: true,
    plugins: [compiledSchema],
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Some libraries' "main" is a UMD file, which cannot be split.
    mainFields: ['module', 'main'],
    legalComments: 'linked',
    // CommonJS libraries in a bundle of modules ask for node's own through require.
    banner: {
      js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
    },
  })
  chmodSync(join(outdir, 'cli.js'), 0o755)
}
