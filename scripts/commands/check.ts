import { tmpdir } from 'node:os'
import semver from 'semver'
import { defaultSelection, headersFailure, headersFor, requestedKernels } from '../build/select.ts'
import type { Documents } from '../cli/documents.ts'
import { isInstalled } from '../install/headers.ts'
import { missingNeeds } from '../install/needs.ts'
import { compilerMend } from '../install/requirements.ts'
import type { KernelOption, Project } from '../manifest/manifest.ts'
import { which } from '../run/exec.ts'
import { exitStatus, type FailureKind } from '../run/failure.ts'
import { wrap } from '../run/output.ts'
import { readSigning } from '../signing/next.ts'
import { readClockSource } from '../system/clock-source.ts'
import { compilerFit, compilerProblem, findCompiler } from '../system/compiler.ts'
import { danglingEntries, dkmsTree, dkmsVersion } from '../system/dkms.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import { movedFolders, showMovedFolder } from '../system/framework.ts'
import { type Kernel, machine, sameArchitecture } from '../system/kernels.ts'
import { findDevices, freeSpace } from '../system/machine.ts'
import { modprobeLines, showModprobeLine } from '../system/modprobe.ts'
import { type CommonOptions, open } from './options.ts'

type Finding = Documents['check']['system'][number]

const ok = (what: string, message: string): Finding => ({ what, level: 'ok', message })

const note = (what: string, message: string, mend?: string): Finding => ({
  what,
  level: 'note',
  message,
  ...(mend && { mend }),
})

const fail = (what: string, kind: FailureKind, message: string, mend?: string): Finding => ({
  what,
  level: 'fail',
  kind,
  message,
  ...(mend && { mend }),
})

async function checkHeaders(facts: SystemFacts, kernel: Kernel): Promise<Finding> {
  const failure = await headersFailure(facts, kernel)
  if (failure) return fail('headers', 'headers', failure.message, failure.more.mend)
  return ok('headers', kernel.headers.folder ?? '')
}

function checkRangeOf(project: Project, kernel: Kernel): Finding {
  const { range } = project.kernel
  return semver.satisfies(kernel.version, range)
    ? ok('range', `${kernel.version} is in ${range}`)
    : fail('range', 'kernel', `${kernel.version} is not in ${range}.`, 'ls /lib/modules')
}

async function checkCompiler(facts: SystemFacts, kernel: Kernel): Promise<Finding> {
  const mend = compilerMend(facts, kernel)
  const compiler = await findCompiler(kernel.headers)
  if (!compiler || !which('make')) {
    const missing = compiler ? 'make' : (kernel.headers.compiler ?? 'gcc')
    return fail(
      'compiler',
      'toolchain',
      `${missing} is not installed.${facts.byHand([missing])}`,
      mend,
    )
  }
  const name = `${compiler.name} ${compiler.version}`
  const problem = compilerProblem(compiler, kernel)
  if (problem) return fail('compiler', 'toolchain', problem, mend)
  return compilerFit(compiler, kernel.headers) === 'newer'
    ? note(
        'compiler',
        `${name} is newer than the ${kernel.headers.compilerVersion} that built the kernel.`,
        mend,
      )
    : ok('compiler', name)
}

function checkOptions(project: Project, kernel: Kernel): Finding[] {
  const { required = [], recommended = [] } = project.kernel.options ?? {}
  const off = ({ name }: KernelOption) => !kernel.headers.options.has(name)
  const wrong = (list: KernelOption[]) =>
    list.filter((o) => (o.name.startsWith('!') ? !off({ ...o, name: o.name.slice(1) }) : off(o)))
  const said = ({ name, reason }: KernelOption) =>
    name.startsWith('!') ? `${name.slice(1)} is on: ${reason}.` : `${name} is off: ${reason}.`
  const missing = [
    ...wrong(required).map((o) => fail('option', 'kernel', said(o))),
    ...wrong(recommended).map((o) => note('option', said(o))),
  ]
  return missing.length > 0 ? missing : [ok('options', 'all that are asked for are on')]
}

/** Without the flavour's metapackage the next kernel comes without its headers. */
async function checkMetapackage(facts: SystemFacts, kernel: Kernel): Promise<Finding[]> {
  const packages = headersFor(facts, kernel.release)
  if (!packages || !facts.distribution) return []
  const { metapackage } = packages
  return !(await isInstalled(facts.distribution.manager, metapackage))
    ? [
        note(
          'upgrades',
          `${metapackage} is not installed: the next kernel will lack its headers.`,
          facts.installCommand([metapackage]),
        ),
      ]
    : [ok('upgrades', `${metapackage} brings the next kernel's headers`)]
}

async function checkKernel(
  project: Project,
  facts: SystemFacts,
  kernel: Kernel,
): Promise<Finding[]> {
  const findings = [checkRangeOf(project, kernel), await checkHeaders(facts, kernel)]
  if (!kernel.headers.folder) return findings
  return [
    ...findings,
    await checkCompiler(facts, kernel),
    ...checkOptions(project, kernel),
    ...(await checkMetapackage(facts, kernel)),
  ]
}

async function checkDkms(project: Project, facts: SystemFacts): Promise<Finding> {
  const { distribution } = facts
  const version = await dkmsVersion()
  const mend = facts.installCommand(distribution?.dkms ?? ['dkms'])
  if (distribution?.dkms.length === 0) return note('dkms', `${distribution.dkmsNote}.`)
  if (!version) return fail('dkms', 'dkms', `It is not installed.${facts.byHand(['dkms'])}`, mend)
  if (!semver.satisfies(version, project.dkms.range))
    return fail('dkms', 'dkms', `${version} is not ${project.dkms.range}.`, mend)
  const [moved] = movedFolders().map(showMovedFolder)
  if (moved) return fail('dkms', 'dkms', moved.message, moved.mend)
  const dangling = danglingEntries()
  return dangling.length > 0
    ? fail('dkms', 'dkms', `${dangling.join(', ')} has no source.`, `rm -r ${dangling.join(' ')}`)
    : ok('dkms', version)
}

async function checkNeeds(project: Project, facts: SystemFacts): Promise<Finding[]> {
  if (!project.needs) return []
  const missing = await missingNeeds(project, facts)
  return [
    missing.length > 0
      ? fail(
          'needs',
          'toolchain',
          `${missing.join(', ')} is not installed.`,
          facts.installCommand(missing),
        )
      : ok('needs', 'all that the build needs is installed'),
  ]
}

async function checkSigning(project: Project, kernel: Kernel): Promise<Finding> {
  const { text, next } = await readSigning(project, kernel.release)
  return next ? note('signing', `${text} (policy: ${project.signing}).`, next) : ok('signing', text)
}

function checkSpace(): Finding {
  const least = Math.min(...['/usr/src', dkmsTree, '/lib/modules', tmpdir()].map(freeSpace))
  const text = `${Math.floor(least / 2 ** 20)} MiB free`
  return least < 32 * 2 ** 20
    ? fail('space', 'space', `Only ${text}.`, 'df -h /usr/src /var/lib/dkms /lib/modules')
    : ok('space', text)
}

function checkDevice(project: Project): Finding {
  const pattern = project.modules[0]?.aliases?.[0]
  const devices = pattern ? findDevices(pattern) : []
  if (!pattern) return ok('device', 'none is asked for')
  return devices.length > 0
    ? ok('device', devices.join(', '))
    : note('device', `No device fits ${pattern}: this is not a guest that has one.`)
}

/** What the drivers, and daemons, have to make up for. */
function checkClockSource(project: Project): Finding[] {
  const source = project.clock && readClockSource()
  if (!source) return []
  const { isGood, message, mend } = source
  return [isGood ? ok('time', message) : note('time', `${message}.`, mend)]
}

/** What modprobe.d and the command line say: modprobe itself does not tell. */
function checkLoading(project: Project): Finding[] {
  const lines = modprobeLines(project.modules.map((module) => module.name))
  return lines.map((line) => {
    const { message, mend } = showModprobeLine(line)
    return line.kind === 'install'
      ? fail('loading', 'load', `${message}.`, mend)
      : note('loading', `${message}.`, mend)
  })
}

function checkArchitecture(project: Project): Finding {
  const { architectures } = project.kernel
  return architectures.some((name) => sameArchitecture(name, machine()))
    ? ok('machine', machine())
    : fail('machine', 'platform', `${machine()} is none of ${architectures.join(', ')}.`)
}

const marks = { ok: 'ok  ', note: 'note', fail: 'FAIL' } as const

function lines(findings: Finding[]): string[] {
  return findings.flatMap(({ what, level, message, mend }) => [
    ...wrap(`  ${marks[level]}  ${what.padEnd(9)} `, message),
    ...(mend && level !== 'ok' ? [`        try: ${mend}`] : []),
  ])
}

/** What stands in the way of a build, per kernel, with one command for each miss. */
export async function check(options: CommonOptions): Promise<void> {
  const { project, output } = open(options)
  const facts = readFacts(project)
  const named = requestedKernels(project, facts, options)
  const selection = named.length > 0 ? { kernels: named } : defaultSelection(project, facts)
  const kernels = selection?.kernels ?? [facts.running]

  const system = [
    checkArchitecture(project),
    await checkDkms(project, facts),
    ...(await checkNeeds(project, facts)),
    await checkSigning(project, facts.running),
    checkSpace(),
    checkDevice(project),
    ...checkLoading(project),
    ...checkClockSource(project),
  ]
  const perKernel = await Promise.all(
    kernels.map(async (kernel) => ({
      kernel: kernel.release,
      running: kernel.running,
      flavour: headersFor(facts, kernel.release)?.flavour ?? null,
      findings: await checkKernel(project, facts, kernel),
    })),
  )

  const failed = [...system, ...perKernel.flatMap((k) => k.findings)].find(
    (f) => f.level === 'fail',
  )
  const document: Documents['check'] = {
    verdict: failed ? 'fail' : 'ok',
    system,
    kernels: perKernel,
  }
  output.result(document, () => [
    `${facts.os.prettyName}, ${project.package.name} ${project.version}`,
    ...lines(system),
    ...perKernel.flatMap(({ kernel, running, findings }) => [
      `kernel ${kernel}${running ? ' (running)' : ''}`,
      ...lines(findings),
    ]),
  ])
  if (failed?.kind) process.exitCode = exitStatus[failed.kind]
}
