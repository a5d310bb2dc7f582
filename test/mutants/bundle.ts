import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { home } from '../../scripts/home.ts'
import { compiledSchema } from '../../scripts/tools/dist.ts'

/**
 * Stryker's buildCommand: the unit tests and what they test, with all mutants in it, in one file at the
 * depth that scripts/home.ts wants. Tests that bundle or start the command, or look at C, notice no
 * mutant.
 */
const tests = readdirSync(join(home, 'test/unit')).filter(
  (name) => name.endsWith('.test.ts') && !/^(cli|entry|kmod|licences)\./.test(name),
)
const lines = [
  ...tests.map((name) => `import './unit/${name}'`),
  "export { finish, tests } from './mutants/node-test.ts'",
]

await build({
  stdin: { contents: lines.join('\n'), resolveDir: join(home, 'test') },
  outfile: join(home, 'mutants/bundle.js'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  alias: { 'node:test': join(home, 'test/mutants/node-test.ts') },
  plugins: [compiledSchema],
  // What ajv compiles asks for its parts through require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
