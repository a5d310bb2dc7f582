import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { home } from '../scripts/home.ts'
import { exec, isRoot, show, which } from '../scripts/run/exec.ts'
import { makeDist } from '../scripts/tools/dist.ts'
import { type Job, jobs, makeRoots, partNames } from './parts.ts'
import { cache } from './support/cache.ts'
import { emptyRawCoverage, rawCoverage } from './support/coverage.ts'
import { closure, type RootName, rootFolder, specs } from './support/roots.ts'
import { beginTimes, took } from './support/times.ts'
import { summary } from './times.ts'

/** npm test, npm run test:all: see parts.ts for what runs where. */
const program = new Command('npm test --')
  .description('Runs the tests. They need root, on Debian; unit does not.')
  .addArgument(new Argument('[part...]', 'only these, whole').choices(partNames))
  .option('--all', 'what npm run test:all runs: every part but unseen')
  .option('--rest', 'what npm test leaves out of that')
  .option('--jobs <n>', 'how many at a time', String(availableParallelism() + 1))
  .addHelpText('after', '\nWhat a part is, and which of them run where: test/parts.ts')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
const parts: string[] = program.args
const { all, rest, jobs: atOnce } = program.opts<{ all?: true; rest?: true; jobs: string }>()

const chosen = jobs.filter(({ part, quick, named, counted }) => {
  if (parts.length > 0) return parts.includes(part)
  return all || rest ? !named && !(rest && quick && !counted) : quick
})

/** Programs of Debian's that the tests are run with. */
const needed = { mmdebstrap: 'mmdebstrap', mount: 'mount' }

async function bringTools(): Promise<void> {
  const missing = Object.entries(needed).filter(([program]) => !which(program))
  if (missing.length === 0) return
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends']
  for (const argv of [
    ['apt-get', 'update', '-q'],
    [...install, ...missing.map(([, name]) => name)],
  ]) {
    console.log(`$ ${show({ argv })}`)
    const { status, stderr } = await exec({ argv })
    if (status !== 0) throw new Error(stderr)
  }
}

/** What has to be made first, for the person who waits for it. */
function tellWhatIsMissing(roots: readonly RootName[]): void {
  const missing = closure(roots).filter((name) => !existsSync(rootFolder(name)))
  if (missing.length === 0) return
  const mib = missing.reduce((sum, name) => sum + specs[name].mib, 0)
  console.log(`Made once, from Debian's packages, in ${cache} (${mib} MiB):`)
  for (const name of missing)
    console.log(
      `  ${name.padEnd(16)}${String(specs[name].mib).padStart(5)} MiB  ${specs[name].about}`,
    )
}

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
if (roots.length > 0) {
  if (!isRoot()) {
    console.error(
      'The tests make roots and mount them.\n  try: sudo npm test, or npm run test:unit',
    )
    process.exit(10)
  }
  tellWhatIsMissing(roots)
  await bringTools()
  mkdirSync(cache, { recursive: true })
  const { packedPackage } = await import('./support/roots.ts')
  process.env.VMMCI_PACKAGE = await packedPackage()
}

// The probe waits long for what does not work, so it is made once.
if (roots.includes('qemu')) {
  const { workingAccelerator } = await import('./support/probe.ts')
  process.env.VMMCI_ACCELERATOR = await workingAccelerator()
  console.log(`Guests run under ${process.env.VMMCI_ACCELERATOR}.`)
}

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
