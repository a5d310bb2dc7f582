import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { type Command, exec, quote, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { type Chrony, readChrony } from '../system/chrony.ts'
import { readClock } from '../system/clock.ts'
import { readOsRelease } from '../system/machine.ts'
import { findDistribution, installCommand } from './packages.ts'

const root = (...argv: string[]): Command => ({ argv, root: true })

/** What systemd calls chronyd: Debian and kin; all others. */
const chronyUnit = (): string | undefined =>
  ['chrony.service', 'chronyd.service'].find((name) =>
    ['/usr/lib', '/lib', '/etc'].some((at) => existsSync(`${at}/systemd/system/${name}`)),
  )

/** How closely chrony is to follow: as is good enough for a host that rests, or as it can. */
export type Closeness = true | 'precise'

/** Our parts of chrony's configuration: where they are, or would be, and from which file. */
export function chronyFiles(
  project: Project,
  chrony = readChrony(),
  how: Closeness = true,
): { path: string; from: string }[] {
  const own = project.install.chrony
  if (!own || !chrony?.folder) return []
  const name = `${project.package.name}.conf`
  const unit = chronyUnit()
  const config = (how === 'precise' && own.precise) || own.config
  return [
    { path: join(chrony.folder, name), from: join(project.folder, config) },
    ...(unit
      ? [{ path: `/etc/systemd/system/${unit}.d/${name}`, from: join(project.folder, own.unit) }]
      : []),
  ]
}

/** How a running chronyd is told; where nobody manages services, not at all. */
function restartCommands(): Command[] {
  const unit = chronyUnit()
  if (existsSync('/run/systemd/system') && unit)
    return [root('systemctl', 'daemon-reload'), root('systemctl', 'try-restart', unit)]
  return which('rc-service') ? [root('rc-service', '--ifstarted', 'chronyd', 'restart')] : []
}

/** Has a running chronyd read its configuration anew, if that can be done here. */
export function restartSteps(): Step[] {
  const commands = restartCommands().map((command) => ({ ...command, optional: true }))
  return commands.length > 0
    ? [{ title: 'Have chrony read its configuration', kind: 'install', commands }]
    : []
}

/** What stands in the way of a configuration for chrony, before anything is done. */
export function requireChrony(project: Project, how: Closeness): Chrony {
  if (!project.install.chrony)
    throw new Failure('manifest', `${project.package.name} brings no configuration for chrony.`, {
      mend: 'vmmci-dkms install',
    })
  if (how === 'precise' && !project.install.chrony.precise)
    throw new Failure(
      'manifest',
      `${project.package.name} has one configuration for chrony only.`,
      {
        mend: 'vmmci-dkms install --chrony',
      },
    )
  const chrony = readChrony()
  if (!chrony) {
    const distribution = findDistribution(project.distributions, readOsRelease())
    throw new Failure('packages', 'There is no chrony here to be configured.', {
      mend: installCommand(distribution?.manager ?? 'apt', ['chrony']),
    })
  }
  if (!chrony.folder)
    throw new Failure('install', `${chrony.main} names no folder for more configuration.`, {
      mend: `echo 'confdir /etc/chrony.d' | tee -a ${quote(chrony.main)}`,
    })
  return chrony
}

/** The steps that let chrony follow the clock; none where it does already. */
export function planChrony(project: Project, chrony: Chrony, how: Closeness): Step[] {
  const missing = chronyFiles(project, chrony, how).filter(
    ({ path, from }) => !existsSync(path) || !readFileSync(path).equals(readFileSync(from)),
  )
  if (missing.length === 0) return []
  return [
    {
      title: 'Let chrony follow the clock',
      kind: 'install',
      commands: [
        ...missing.map(({ path, from }) => root('install', '-D', '-m', '644', from, path)),
        ...restartCommands(),
      ],
    },
  ]
}

/**
 * Writes our part of chrony's configuration and has it read; what was there is put back where that
 * fails. chronyd does not start without a clock that it is told of, so there must be one.
 */
export async function followByChrony(
  project: Project,
  how: Closeness,
  output: Output,
): Promise<void> {
  const chrony = requireChrony(project, how)
  const clock = readClock(project)
  if (!clock?.ptp)
    throw new Failure('load', 'There is no PTP clock for chrony to follow.', {
      mend: 'vmmci-dkms status',
    })
  const steps = planChrony(project, chrony, how)
  const paths = chronyFiles(project, chrony).map(({ path }) => path)
  try {
    await transaction(
      () => ({ paths, releases: [] }),
      output,
      () => runSteps(steps, output),
    )
  } catch (error) {
    for (const command of restartCommands()) await exec(command)
    throw error
  }
  output.tell(`chrony follows ${clock.ptp}, by ${paths[0]}.`)
  const later = chrony.overrides('makestep')
  if (later) output.tell(`${chrony.main} has "${later.trim()}" after that, which counts instead.`)
}

/** Where chrony could follow the clock and was not told to, how it is. */
export function chronyOffer(project: Project): string | undefined {
  const [file] = chronyFiles(project)
  return file && !existsSync(file.path) && readClock(project)?.ptp
    ? 'chrony can follow this clock: vmmci-dkms install --chrony'
    : undefined
}
