import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { home } from '../scripts/home.ts'
import { makeDist } from '../scripts/tools/dist.ts'
import { type Job, jobs, makeRoots, partNames } from './parts.ts'
import { emptyRawCoverage, rawCoverage } from './support/coverage.ts'
import { makeReady } from './support/ready.ts'
import { beginTimes, took } from './support/times.ts'
import { summary } from './times.ts'

/** A job spends much of its time waiting: for a guest's clock, a lock, a disk. */
const usual = availableParallelism() * 2

/** npm test, npm run test:all: see parts.ts for what runs where. */
const program = new Command('npm test --')
  .description('Runs the tests. They need root, on Debian; unit does not.')
  .addArgument(new Argument('[part...]', 'only these, whole').choices(partNames))
  .option('--all', 'what npm run test:all runs: every part but debug')
  .option('--rest', 'what npm test leaves out of that')
  .option('--jobs <n>', 'how many at a time', String(usual))
  .addHelpText('after', '\nWhat a part is, and which of them run where: test/parts.ts')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
const parts: string[] = program.args
const { all, rest, jobs: atOnce } = program.opts<{ all?: true; rest?: true; jobs: string }>()

const chosen = jobs.filter(({ part, quick, named, counted }) => {
  if (parts.length > 0) return parts.includes(part)
  return all || rest ? !named && !(rest && quick && !counted) : quick
})

/** Runs one job, with its lines on this terminal as they come; whether it passed. */
async function run(job: Job): Promise<boolean> {
  const start = Date.now()
  const environment = {
    ...process.env,
    VMMCI_JOB: job.name,
    ...job.env,
    ...(counting && job.counted && { NODE_V8_COVERAGE: rawCoverage }),
  }
  console.log(`.. ${''.padStart(6)}    ${job.name} begins`)
  let passed = false
  try {
    await makeRoots(job.roots)
    await job.make?.()
    const [program, words] =
      job.words[0] === 'npm' ? ['npm', job.words.slice(1)] : [process.execPath, job.words]
    const child = spawn(program as string, words as string[], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: environment,
    })
    const [status] = await once(child, 'exit')
    passed = status === 0
  } catch (error) {
    console.error(`${job.name}: ${(error as Error).message}`)
  }
  took('job', job.name, start, passed)
  return passed
}

/** Runs jobs in their order, so many at a time. */
async function runAll(list: Job[], atOnce: number): Promise<boolean> {
  const rest = [...list]
  let passed = true
  const worker = async () => {
    for (let job = rest.shift(); job; job = rest.shift()) passed = (await run(job)) && passed
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return passed
}

const roots = chosen.flatMap((job) => job.roots)
/** Whether the jobs that run leave what coverage tells of at the end. */
const counting = chosen.some(({ part }) => part === 'coverage')
if (counting) emptyRawCoverage()
// What is packed and installed by the tests is what stands in the tree now.
await makeDist(join(home, 'dist'), { sourceMaps: counting })
beginTimes()
// What this process makes for the cache is nobody's alone.
process.env.VMMCI_JOB = 'run'
const typed = process.argv.slice(2)
if (roots.length > 0)
  await makeReady(roots, ['npm test', ...(typed.length > 0 ? ['--', ...typed] : [])].join(' '))

// What the tests start was not started by npx, though they may have been.
delete process.env.npm_command

const start = Date.now()
const besides = chosen.filter(({ alone }) => !alone)
const passed = [
  await runAll(besides, Number(atOnce)),
  await runAll(
    chosen.filter((j) => j.alone),
    1,
  ),
]
console.log(summary((Date.now() - start) / 1000))
process.exitCode = passed.every(Boolean) ? 0 : 1
