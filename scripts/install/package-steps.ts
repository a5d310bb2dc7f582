import { type Command, type Result, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Step } from '../run/steps.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Missing } from './missing.ts'
import { packageManagerWords } from './package-failure.ts'
import { managers, unasked } from './packages.ts'

/** Another run of apt, as at a cloud image's first boot, is waited for: so many seconds. */
const waits = ['-o', 'DPkg::Lock::Timeout=600']

function packagesStep(
  facts: SystemFacts,
  words: string[],
  packages: string[],
  verb = 'Install',
): Step[] {
  if (packages.length === 0) return []
  const manager = facts.distribution?.manager ?? 'apt'
  const isApt = manager === 'apt'
  const before = isApt ? ['env', 'DEBIAN_FRONTEND=noninteractive'] : []
  const after = isApt ? waits : []
  return [
    {
      title: `${verb} ${packages.join(' ')}`,
      kind: 'packages',
      commands: [{ argv: [...before, ...words, ...after, ...packages], root: true, whole: true }],
      ...packageManagerWords,
      // Its lists may be older than what the mirrors have, and it may not be given newer ones alone.
      ...(manager === 'pacman' &&
        verb === 'Install' && {
          explain: (command: Command, result: Result) =>
            new Failure('packages', `${show(command)} failed with status ${result.status}.`, {
              details: result.stderr.trim().split('\n').slice(-5),
              mend: `pacman -Syu ${packages.join(' ')}`,
            }),
        }),
    },
  ]
}

/** What brings what is missing. */
export function installSteps(facts: SystemFacts, { packages, again }: Missing): Step[] {
  const manager = facts.distribution?.manager ?? 'apt'
  const { install, reinstall } = managers[manager]
  return [
    ...packagesStep(facts, install, packages),
    ...packagesStep(facts, unasked(manager, reinstall), again),
  ]
}

/** What takes packages away that were brought. */
export function removeSteps(facts: SystemFacts, packages: string[]): Step[] {
  const manager = facts.distribution?.manager ?? 'apt'
  return packagesStep(facts, unasked(manager, managers[manager].remove), packages, 'Remove')
}

/** Before that, what makes the package manager look anew at what there is. */
export function refreshSteps(facts: SystemFacts): Step[] {
  const refresh = facts.distribution && managers[facts.distribution.manager].refresh
  if (!refresh) return []
  return [
    {
      title: 'Refresh the package lists',
      kind: 'packages',
      // An old list may still do, and the installation says what it lacks.
      commands: [{ argv: refresh, root: true, optional: true }],
    },
  ]
}
