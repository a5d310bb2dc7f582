import { defaultSelection, headersFor } from '../build/select.ts'
import type { Project } from '../manifest/manifest.ts'
import { ask, type Command, show, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { confirm, type Output } from '../run/output.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { compilerPackages, compilerProblem, findCompiler } from '../system/compiler.ts'
import type { SystemFacts } from '../system/facts.ts'
import { type Kernel, machine } from '../system/kernels.ts'
import { type HeaderPackages, managers } from './packages.ts'

/** Packages to install, and why. */
export interface Missing {
  packages: string[]
  /** One sentence each, for people. */
  reasons: string[]
}

interface Requirement {
  packages: string[]
  reason: string
}

async function tools(facts: SystemFacts, kernel: Kernel | undefined): Promise<Requirement[]> {
  const { distribution } = facts
  if (!distribution) return []
  const missing: Requirement[] = []
  if (!which('dkms')) missing.push({ packages: distribution.dkms, reason: 'dkms is not installed' })
  if (!which('make') || !which('modinfo'))
    missing.push({ packages: distribution.toolchain, reason: 'gcc, make or kmod is missing' })
  if (kernel?.headers.state !== 'ok') return missing
  const { manager, toolchain } = distribution
  const compiler = await findCompiler(kernel.headers)
  const problem = compiler
    ? compilerProblem(compiler, kernel)
    : `kernel ${kernel.release} wants ${kernel.headers.compiler ?? 'gcc'}`
  if (problem)
    missing.push({
      packages: compilerPackages(kernel.headers, manager, toolchain),
      reason: problem.replace(/\.$/, ''),
    })
  return missing
}

/** The running kernel's headers, if this system can have them: a container cannot. */
async function wantedHeaders(facts: SystemFacts): Promise<HeaderPackages | undefined> {
  const packages = facts.running.installed && headersFor(facts, facts.running.release)
  if (!packages || !facts.distribution) return undefined
  const available = [...managers[facts.distribution.manager].available, packages.headers]
  return (await ask(available)) === undefined ? undefined : packages
}

async function headers(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
): Promise<Requirement[]> {
  const { distribution } = facts
  if (!distribution) return []
  if (named.length > 0)
    return named
      .filter((kernel) => kernel.headers.state === 'absent')
      .flatMap((kernel) => {
        const found = headersFor(facts, kernel.release)
        return found
          ? [{ packages: [found.headers], reason: `kernel ${kernel.release} has no headers` }]
          : []
      })

  if (facts.running.headers.state === 'ok') return []
  const wanted = await wantedHeaders(facts)
  if (wanted)
    return [
      {
        packages: [...new Set([wanted.headers, wanted.metapackage])],
        reason: `kernel ${facts.running.release} has no headers`,
      },
    ]
  const fallback = distribution.defaultHeaders[machine()]
  if (!fallback || defaultSelection(project, facts)) return []
  return [
    {
      packages: [fallback],
      reason: `no headers are to be had for the running kernel ${facts.running.release}`,
    },
  ]
}

/** What has to be installed before modules can be built and installed by dkms. */
export async function findMissing(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
): Promise<Missing> {
  const kernel = named[0] ?? defaultSelection(project, facts)?.kernels[0]
  const all = [...(await tools(facts, kernel)), ...(await headers(project, facts, named))]
  return {
    packages: [...new Set(all.flatMap((need) => need.packages))],
    reasons: all.map((need) => need.reason),
  }
}

function installStep(facts: SystemFacts, packages: string[]): Step {
  const manager = facts.distribution?.manager ?? 'apt'
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const argv =
    manager === 'apt'
      ? ['env', ...Object.entries(env).map(([k, v]) => `${k}=${v}`), ...managers.apt.install]
      : managers[manager].install
  return {
    title: `Install ${packages.join(' ')}`,
    kind: 'packages',
    commands: [{ argv: [...argv, ...packages], root: true }],
  }
}

function refreshStep(facts: SystemFacts): Step | undefined {
  const refresh = facts.distribution && managers[facts.distribution.manager].refresh
  return (
    refresh && {
      title: 'Refresh the package lists',
      kind: 'packages',
      // An old list may still do, and the installation says what it lacks.
      commands: [{ argv: refresh, root: true, optional: true }],
    }
  )
}

/** The commands that would be run, for --dry-run. */
export function prerequisiteCommands(facts: SystemFacts, missing: Missing): Command[] {
  const steps = [refreshStep(facts), installStep(facts, missing.packages)]
  return steps.flatMap((step) => step?.commands ?? [])
}

/**
 * Installs what is missing through the system's package manager, after asking once. The lists are
 * refreshed first, since only then can be told which headers are to be had.
 */
export async function installPrerequisites(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
  options: { yes?: boolean },
  output: Output,
): Promise<void> {
  const missing = await findMissing(project, facts, named)
  if (missing.packages.length === 0) return

  const commands = prerequisiteCommands(facts, missing)
  output.say('Needed first:')
  for (const reason of missing.reasons) output.say(`  - ${reason}`)
  for (const command of commands) output.say(`    ${show(command)}`)
  if (!options.yes && !(await confirm('Run these?')))
    throw new Failure('packages', 'The packages above are needed and were not installed.', {
      mend: facts.installCommand(missing.packages),
    })

  const refresh = refreshStep(facts)
  if (refresh) await runSteps([refresh], output)
  const { packages } = await findMissing(project, facts, named)
  await runSteps([installStep(facts, packages)], output)
}
