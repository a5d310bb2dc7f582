import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import semver from 'semver'
import { missingNeeds } from '../install/needs.ts'
import { hiddenCommand } from '../install/own-command.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { quote, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { lockFolder } from '../run/lock.ts'
import { readOnly, scratchProblem } from '../run/scratch.ts'
import { readSigning } from '../signing/next.ts'
import { readClockSource } from '../system/clock-source.ts'
import { danglingEntries, dkmsTree, dkmsVersion } from '../system/dkms.ts'
import type { SystemFacts } from '../system/facts.ts'
import { showSetting, unknownSettings } from '../system/framework.ts'
import { type Kernel, machine, sameArchitecture } from '../system/kernels.ts'
import { findDevices, freeSpace } from '../system/machine.ts'
import { modprobeLines, showModprobeLine } from '../system/modprobe.ts'
import { type Finding, fail, note, ok } from './finding.ts'

/** Throws on a distribution that has no dkms at all. */
export function requirePlatform({ distribution }: SystemFacts): void {
  if (distribution?.dkms.length === 0)
    throw new Failure(
      'platform',
      `${distribution.dkmsNote ?? `${distribution.name} has no dkms`}.`,
      { mend: 'vmmci-dkms build' },
    )
}

export function checkMachine(project: Project): Finding {
  const { architectures } = project.kernel
  const { name } = project.package
  return architectures.some((one) => sameArchitecture(one, machine()))
    ? ok('machine', machine())
    : fail(
        'machine',
        'platform',
        `${name} is for ${architectures.join(', ')}, not for ${machine()}.`,
      )
}

/** Whether there is a dkms that will do, and whether its tree is whole. */
export async function checkDkms(project: Project, facts: SystemFacts): Promise<Finding> {
  const { distribution } = facts
  const version = await dkmsVersion()
  const mend = facts.installCommand(distribution?.dkms ?? ['dkms'])
  if (distribution?.dkms.length === 0) return note('dkms', `${distribution.dkmsNote}.`)
  if (!version && which('dkms'))
    return fail('dkms', 'dkms', 'dkms does not say its version.', 'dkms --version')
  if (!version) {
    const where = distribution?.dkmsNote ? ` ${distribution.dkmsNote}.` : facts.byHand(['dkms'])
    return fail('dkms', 'dkms', `dkms is not installed.${where}`, mend)
  }
  if (!semver.satisfies(version, project.dkms.range))
    return fail('dkms', 'dkms', `dkms ${version} is not ${project.dkms.range}.`, mend)
  const [unknown] = unknownSettings().map(showSetting)
  if (unknown) return fail('dkms', 'dkms', unknown.message, unknown.mend)
  const gone = danglingEntries()
  const message = `dkms has an entry whose source is gone: ${gone.join(', ')}.`
  if (gone.length === 0) return ok('dkms', version)
  // An installation writes its own anew.
  return gone.every((entry) => dirname(entry) === join(dkmsTree, project.package.name))
    ? note('dkms', message, 'vmmci-dkms install')
    : fail('dkms', 'dkms', message, `rm -r ${gone.map(quote).join(' ')}`)
}

/** What the manifest's build needs beside headers and a compiler. */
export async function checkNeeds(project: Project, facts: SystemFacts): Promise<Finding> {
  const missing = await missingNeeds(project, facts)
  return missing.length > 0
    ? fail(
        'needs',
        'toolchain',
        `The build of ${project.package.name} needs ${missing.join(', ')}, which is not installed.`,
        facts.installCommand(missing),
      )
    : ok('needs', 'all that the build needs is installed')
}

export async function checkSigning(project: Project, kernel: Kernel): Promise<Finding> {
  const { text, next } = await readSigning(project, kernel.release)
  return next ? note('signing', `${text} (policy: ${project.signing}).`, next) : ok('signing', text)
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}

const changed = ['/usr/src', dkmsTree, '/lib/modules']

/** Whether anything can be changed. With a /tmp that is read-only dkms does not even say its version. */
export function checkWritable(): Finding {
  const folder = [...changed, tmpdir(), '/etc', '/var/log', lockFolder].find(isReadOnly)
  const problem = folder === undefined ? scratchProblem() : readOnly(folder)
  return problem
    ? fail('folders', problem.kind, problem.message, problem.more.mend)
    : ok('folders', 'none is read-only')
}

/** A source tree, its build and the installed modules, with room to spare: MiB. */
const neededSpace = 32

export function checkSpace(): Finding {
  const free = [...changed, tmpdir()].map((folder) => ({
    folder,
    mib: freeSpace(folder) / 2 ** 20,
  }))
  const least = free.reduce((a, b) => (b.mib < a.mib ? b : a))
  return least.mib < neededSpace
    ? fail(
        'space',
        'space',
        `There is less than ${neededSpace} MiB free in ${least.folder}.`,
        `df -h ${quote(least.folder)}`,
      )
    : ok('space', `${Math.floor(least.mib)} MiB free`)
}

/** Whether there is anything to drive. */
export function checkDevice(project: Project): Finding {
  const pattern = project.modules[0]?.aliases?.[0]
  const devices = pattern ? findDevices(pattern) : []
  if (!pattern) return ok('device', 'none is asked for')
  return devices.length > 0
    ? ok('device', devices.join(', '))
    : note(
        'device',
        `No device in this machine fits ${pattern}: the modules will have nothing to do.`,
      )
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
  const lines = modprobeLines(fileNames(project))
  return lines.map((line) => {
    const { message, mend } = showModprobeLine(line)
    return line.kind === 'install'
      ? fail('loading', 'load', `${message}.`, mend)
      : note('loading', `${message}.`, mend)
  })
}

/** npx and then a package: the first one's command is found before the other's for ever. */
function checkCommand(project: Project): Finding[] {
  const found = hiddenCommand(project)
  if (!found) return []
  const { paths, hidden } = found
  const message = `${paths[0]}, which install put there, hides ${hidden}.`
  return [note('command', message, `rm -r ${paths.map(quote).join(' ')}`)]
}

/** All that has to do with no kernel in particular. */
export async function checkSystem(project: Project, facts: SystemFacts): Promise<Finding[]> {
  return [
    checkMachine(project),
    checkWritable(),
    await checkDkms(project, facts),
    ...(project.needs ? [await checkNeeds(project, facts)] : []),
    await checkSigning(project, facts.running),
    checkSpace(),
    checkDevice(project),
    ...checkCommand(project),
    ...checkLoading(project),
    ...checkClockSource(project),
  ]
}
