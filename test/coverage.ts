import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import MCR from 'monocart-coverage-reports'
import { home } from '../scripts/home.ts'
import { makeDist } from '../scripts/tools/dist.ts'

/**
 * npm run coverage: which lines of scripts/ the unit and root tests run; files that are never loaded
 * count, too. Fails below LEAST.
 *
 *   npm run coverage -- --report     only tells what tests left that were run elsewhere, with
 *                                    NODE_V8_COVERAGE=build/coverage/raw when dist/ was made, too
 */
const LEAST = 85

const folder = join(home, 'build/coverage')
const raw = join(folder, 'raw')

/** Runs tests that leave what they and the command ran, here and in roots (support/roots.ts). */
async function runTests(): Promise<boolean> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(raw, { recursive: true })
  // For users that are not root, in roots.
  chmodSync(raw, 0o1777)
  process.env.NODE_V8_COVERAGE = raw
  await makeDist(join(home, 'dist'))
  const roots = readdirSync(join(home, 'test/root')).filter((name) => name.endsWith('.test.ts'))
  const runs = [
    ['test/unit/all.ts'],
    ['--test', '--test-concurrency=2', ...roots.map((name) => `test/root/${name}`)],
  ]
  return runs
    .map((words) => {
      const argv = ['--import', 'tsx', '--test-reporter=spec', ...words]
      return spawnSync(process.execPath, argv, { cwd: home, stdio: 'inherit' }).status === 0
    })
    .every(Boolean)
}

/** In roots the package is in /opt/vmmci; it was made of what is here. */
function bringHome(): void {
  for (const name of readdirSync(raw)) {
    const file = join(raw, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll('file:///opt/vmmci/', `file://${home}/`))
  }
}

/** Tells it per file; whether enough lines were run. */
async function report(): Promise<boolean> {
  bringHome()
  const coverage = MCR({
    name: 'scripts/',
    outputDir: join(folder, 'report'),
    reports: [['console-details', { metrics: ['lines', 'branches'] }], ['json-summary']],
    entryFilter: ({ url }) =>
      ['scripts', 'dist'].some((part) => url.startsWith(`file://${home}/${part}/`)),
    sourceFilter: (path) => /^scripts\/.*\.ts$/.test(path) && !path.startsWith('scripts/tools/'),
    // dist/ has compiled code in the place of validate.ts, and parts that are no file's own.
    sourcePath: (path, { distFile }) =>
      distFile?.includes('dist/') && path.endsWith('manifest/validate.ts')
        ? 'dist/validate.js'
        : path.replace(/^.*?(scripts\/)/, '$1'),
    all: {
      dir: ['scripts'],
      filter: { '**/tools/**': false, '**/*.ts': true },
      transformer: async (entry: { url: string; source: string; sourceMap?: object }) => {
        const sourcefile = fileURLToPath(entry.url)
        const { code, map } = await transform(entry.source, {
          ...{ loader: 'ts', sourcemap: true, sourcefile },
        })
        entry.source = code
        entry.sourceMap = JSON.parse(map)
      },
    },
  })
  await coverage.addFromDir(raw)
  const results = await coverage.generate()
  const { pct } = results?.summary.lines ?? { pct: 0 }
  const enough = Number(pct) >= LEAST
  console.log(`${pct} % of the lines of scripts/ were run; at least ${LEAST} % have to be.`)
  return enough
}

const passed = process.argv.includes('--report') || (await runTests())
process.exitCode = (await report()) && passed ? 0 : 1
