import { createInterface } from 'node:readline/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Documents } from '../cli/documents.ts'
import { explainLoad } from '../install/loading.ts'
import {
  type Check,
  checkLines,
  checkLog,
  checkValue,
  relevantLog,
  tap,
  untilFirstCause,
} from '../look/smoke.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Act, ExpectedValue, Module, Project, Smoke } from '../manifest/manifest.ts'
import { versionFits, wantedVersion } from '../manifest/module-version.ts'
import { type Command, exec, show } from '../run/exec.ts'
import { exitStatus, Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { readFacts } from '../system/facts.ts'
import {
  followKernelLog,
  type KernelLine,
  type KernelLog,
  readKernelLog,
} from '../system/kernel-log.ts'
import { boundDevices, findDevices, readSysfs } from '../system/machine.ts'
import { loadedModules } from '../system/modules.ts'
import { type CommonOptions, open } from './options.ts'

export interface SmokeOptions extends CommonOptions {
  tap?: boolean
  interactive?: boolean
}

/** Values come from the first measurement, which the driver makes on its own: this is its time. */
const PATIENCE_MS = 5000
const GLANCE_MS = 100

const loadCommand = (name: string): Command => ({ argv: ['modprobe', name], root: true })

const notLoaded = ({ modules }: Project): Module[] =>
  modules.filter(({ name }) => loadedModules([name]).length === 0)

/** Loads a module that is not there; says so either way. */
async function load(project: Project, module: Module, missing: boolean): Promise<Check> {
  const { name, as = name } = module
  const label = `${name} is loaded`
  const now = () => loadedModules([name])[0]
  if (missing) {
    const { status, stderr } = await exec(loadCommand(as))
    if (status !== 0 || !now()) {
      const { message, mend } = explainLoad(project, stderr)
      return { label, result: 'fail', why: message, ...(mend && { mend }) }
    }
  }
  const version = now()?.version
  if (!versionFits(project, module, version))
    return {
      label,
      result: 'fail',
      why: `version ${version ?? 'none'} is running, not ${wantedVersion(project, module)}`,
      mend: `rmmod ${name} && modprobe ${as}`,
    }
  return {
    label,
    result: 'pass',
    why: `${version ?? 'no version'}${missing ? ', loaded by this test' : ', it was already'}`,
  }
}

/** Whether there is anything to drive: without it nothing else can be as it should. */
function checkDevice(project: Project): Check[] {
  const pattern = project.modules[0]?.aliases?.[0]
  if (!pattern) return []
  const devices = findDevices(pattern)
  const label = 'the device is there'
  if (devices.length > 0) return [{ label, result: 'pass', why: devices.join(', ') }]
  return [
    {
      label,
      result: 'fail',
      why: `none fits ${pattern}; this is not a guest that has one`,
      mend: 'grep . /sys/bus/*/devices/*/modalias',
    },
  ]
}

function checkBinding(project: Project): Check[] {
  return project.modules.flatMap(({ driver }): Check[] => {
    if (!driver) return []
    const bound = boundDevices(driver)
    const label = `${driver} is bound`
    if (bound.length > 0) return [{ label, result: 'pass', why: bound.join(', ') }]
    return [{ label, result: 'fail', why: 'it drives no device', mend: 'dmesg | less' }]
  })
}

/** A value, once it is there. */
async function awaitValue(expectation: ExpectedValue): Promise<Check> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const value = readSysfs(expectation.path)
    if (value !== undefined || Date.now() > until) return checkValue(expectation, value)
    await wait(GLANCE_MS)
  }
}

const newest = (log: KernelLog): number => (log.lines.at(-1)?.sequence ?? -1) + 1

function askFor(ask: string, skippable: boolean, output: Output): void {
  output.say()
  output.tell(ask)
  if (skippable) output.say('(watching; Enter skips this)')
}

/** Watches the kernel's log for what a person was asked to do; Enter gives up on it. */
async function watch({ label, ask, pattern }: Act, output: Output): Promise<Check> {
  const since = newest(await readKernelLog())
  const terminal = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined
  const done = new AbortController()
  try {
    return await new Promise<Check>((resolve) => {
      const end = (result: Check['result'], why: string) => resolve({ label, result, why })
      const fits = ({ sequence, text }: KernelLine) =>
        sequence >= since && new RegExp(pattern).test(text)
      // A machine that goes down ends what follows the log, and us, perhaps before the line is through.
      const lastLook = async (otherwise: string) => {
        const { lines } = await readKernelLog().catch(() => ({ lines: [] }))
        const seen = lines.find(fits)
        end(seen ? 'pass' : 'fail', seen?.text ?? otherwise)
      }
      let asked = false
      followKernelLog((line) => {
        // Asked for once it is watched for: the first line shows that it is.
        if (!asked) askFor(ask, terminal !== undefined, output)
        asked = true
        if (fits(line)) end('pass', line.text)
      }, done.signal).finally(() => lastLook('the kernel log could not be followed'))
      process.once('SIGTERM', () => lastLook('ended before it was seen'))
      terminal?.once('line', () => end('unknown', 'skipped'))
    })
  } finally {
    done.abort()
    terminal?.close()
  }
}

/** The host's side, with a person's help; what ends this machine comes last in the manifest. */
async function walkThrough(smoke: Smoke, output: Output, show: (check: Check) => void) {
  const checks: Check[] = []
  for (const act of smoke.interactive ?? []) {
    const done = [await watch(act, output)]
    if (!act.ends && done[0]?.result === 'pass')
      for (const value of smoke.values ?? []) done.push(await awaitValue(value))
    checks.push(...done)
    done.forEach(show)
  }
  return checks
}

/**
 * Does it work in this very machine: are the modules loaded and bound, does the kernel's log say
 * what it should and nothing else, do the values make sense. Changes nothing but to load modules.
 *
 * Ends with the exit status `smoke` where a check failed.
 *
 * @throws Failure `privilege` where the log may not be read.
 */
export async function smoke(options: SmokeOptions): Promise<void> {
  const { project: whole, output } = open(options)
  const project = forKernel(whole, readFacts(whole).running)
  const missing = notLoaded(project)
  if (options.dryRun) {
    const commands = missing.map(({ name, as = name }) => show(loadCommand(as)))
    return output.commands(commands)
  }
  if (options.interactive && !process.stdin.isTTY)
    throw new Failure('usage', '--interactive asks a person, and there is no terminal here.', {
      mend: 'vmmci-dkms smoke',
    })
  const expectations = project.smoke ?? {}
  const show_ = (check: Check) => {
    if (!options.tap) for (const line of checkLines(check)) output.say(line)
  }

  const before = newest(await readKernelLog())
  const checks = await untilFirstCause(
    [
      () => checkDevice(project),
      ...project.modules.map((module) => async () => [
        await load(project, module, missing.includes(module)),
      ]),
      () => checkBinding(project),
      async () => {
        const since = missing.length === project.modules.length ? before : undefined
        const wanted = expectations.values ?? []
        // The first measurement is part of what the log tells of.
        const values = await untilFirstCause(
          wanted.map((value) => async () => [await awaitValue(value)]),
        )
        const log = relevantLog(await readKernelLog(), expectations, since)
        return [...checkLog(log, expectations), ...values]
      },
    ],
    show_,
  )
  const well = !checks.some((check) => check.result === 'fail')
  if (options.interactive && well) checks.push(...(await walkThrough(expectations, output, show_)))

  const failed = checks.filter((check) => check.result === 'fail').length
  if (options.tap) for (const line of tap(checks)) process.stdout.write(`${line}\n`)
  else {
    const document: Documents['smoke'] = {
      package: project.package.name,
      passed: failed === 0,
      checks,
    }
    output.result(document, () => [])
  }
  if (failed > 0) {
    output.warn(`${failed} of ${checks.length} checks failed.`)
    process.exitCode = exitStatus.smoke
  }
}
