import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { home } from '../../scripts/home.ts'
import { compiledSchema } from '../../scripts/tools/dist.ts'

/**
 * Stryker's buildCommand: the unit tests and what they test, with all mutants in it, in one file at the
 * depth that scripts/home.ts wants. Without those that would take more than half of the time, and notice
 * nothing that others do not: that look at C, at pages, or at what shells make of conditions, and that
 * bundle the command.
 */
const folder = join(home, 'test/unit')
const slow = ['kmod.test.ts', 'pages.test.ts', 'conditions.test.ts']
const tests = readdirSync(folder).filter(
  (name) =>
    name.endsWith('.test.ts') &&
    !slow.includes(name) &&
    !readFileSync(join(folder, name), 'utf8').includes('support/bundled'),
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
