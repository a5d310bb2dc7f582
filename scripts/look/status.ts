/** What of the status tells how well things are. */
export interface StatusFacts {
  /** The running kernel is a host's, so that nothing can be loaded. */
  container: boolean
  devices: readonly string[]
  drivers: readonly { driver: string; devices: readonly string[] }[]
  /** Versions that dkms has, and whether their source is there. */
  sources: readonly { version: string; source: boolean }[]
  kernels: readonly {
    kernel: string
    running: boolean
    /** The log of a build that failed at an upgrade. */
    failed: string | null
    modules: readonly { name: string; vermagic: string; enrolled: boolean | null }[]
  }[]
  /** The kernel only takes modules that are signed with a key it knows. */
  enforced: boolean
  clock: { error: string | null } | null
}

export type Verdict = 'well' | 'wrong' | 'not installed'

/** As the LSB has it of services: 0 is well, 1 is dead, 3 is not there. */
export const verdictStatus: Record<Verdict, number> = { well: 0, wrong: 1, 'not installed': 3 }

function kernelProblems(facts: StatusFacts): string[] {
  return facts.kernels.flatMap(({ kernel, running, failed, modules }) => [
    ...(failed ? [`the build for kernel ${kernel} failed, see ${failed}`] : []),
    ...(running && !facts.container && modules.length === 0
      ? [`the running kernel ${kernel} has no modules`]
      : []),
    ...modules.flatMap(({ name, vermagic, enrolled }) => [
      ...(vermagic.startsWith('for') ? [`${name} in kernel ${kernel} was built ${vermagic}`] : []),
      ...(facts.enforced && enrolled === false
        ? [`kernel ${kernel} will not take ${name}: no key that it knows signed it`]
        : []),
    ]),
  ])
}

/** What is wrong, as half sentences. */
export function findProblems(facts: StatusFacts): string[] {
  const { devices, drivers, sources, clock, container } = facts
  const installed = facts.kernels.some(({ running, modules }) => running && modules.length > 0)
  return [
    ...sources
      .filter(({ source }) => !source)
      .map(({ version }) => `the source of version ${version} is gone`),
    ...kernelProblems(facts),
    ...(installed && !container && devices.length > 0
      ? drivers
          .filter((driver) => driver.devices.length === 0)
          .map(({ driver }) => `${driver} drives no device`)
      : []),
    ...(clock?.error ? [`the host's clock cannot be read (${clock.error})`] : []),
  ]
}

export function judge(facts: StatusFacts): Verdict {
  if (facts.sources.length === 0 && facts.kernels.every(({ modules }) => modules.length === 0))
    return 'not installed'
  return findProblems(facts).length > 0 ? 'wrong' : 'well'
}
