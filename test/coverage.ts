import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import MCR from 'monocart-coverage-reports'
import { home } from '../scripts/home.ts'
import { rawCoverage } from './support/coverage.ts'

/**
 * Which lines of scripts/ the unit and root tests ran; files that are never loaded count, too. Fails
 * below LEAST. `npm run coverage` runs those tests first (test/run.ts).
 */
const LEAST = 85

const folder = join(home, 'build/coverage')

function isWhole(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * In roots the package is in /opt/vmmci; it was made of what is here. What a process was writing when
 * a test killed it goes.
 */
function bringHome(): void {
  for (const name of readdirSync(rawCoverage)) {
    const file = join(rawCoverage, name)
    const text = readFileSync(file, 'utf8')
    if (isWhole(text)) writeFileSync(file, text.replaceAll('file:///opt/vmmci/', `file://${home}/`))
    else rmSync(file)
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
  await coverage.addFromDir(rawCoverage)
  const results = await coverage.generate()
  const { pct } = results?.summary.lines ?? { pct: 0 }
  const enough = Number(pct) >= LEAST
  console.log(`${pct} % of the lines of scripts/ were run; at least ${LEAST} % have to be.`)
  return enough
}

process.exitCode = (await report()) ? 0 : 1
