import { chmodSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { build, type Plugin } from 'esbuild'
import schema from '../manifest/schema.json' with { type: 'json' }
import { ajvOptions } from '../manifest/validate.ts'

/**
 * dist/: the command with the libraries it uses, split so that each command loads only its own part.
 * Bundled, npx fetches one small package instead of thirty, and node opens a few files instead of
 * hundreds.
 */
const outdir = fileURLToPath(new URL('../../dist', import.meta.url))

/** Puts the validation function that ajv would make at each start where it is made. */
const compiledSchema: Plugin = {
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

rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: [fileURLToPath(new URL('../cli.ts', import.meta.url))],
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
chmodSync(`${outdir}/cli.js`, 0o755)
