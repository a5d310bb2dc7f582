import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * dist/: the command with the libraries it uses, split so that each command loads only its own part.
 * Bundled, npx fetches one small package instead of thirty, and node opens a few files instead of
 * hundreds.
 */
const outdir = fileURLToPath(new URL('../dist', import.meta.url))
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: [fileURLToPath(new URL('cli.ts', import.meta.url))],
  outdir,
  bundle: true,
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
