import type { Project } from '../manifest/manifest.ts'
import { show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { runSteps, type Step } from '../run/steps.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { rememberSteps } from './brought.ts'
import { findMissing, type Missing } from './missing.ts'
import { installSteps, refreshSteps } from './package-steps.ts'

/** What brings what is missing, and remembers it. */
const bringSteps = (project: Project, facts: SystemFacts, missing: Missing): Step[] => [
  ...installSteps(facts, missing),
  ...rememberSteps(project.package.name, missing.packages),
]

/** The steps for a dry run, which fetches no newer lists that might know better. */
export function planPrerequisites(project: Project, facts: SystemFacts, missing: Missing): Step[] {
  if (missing.hopeless) throw missing.hopeless
  const steps = [...refreshSteps(facts), ...bringSteps(project, facts, missing)]
  return [
    {
      title: 'Install what is needed first; the rest follows from what these bring',
      kind: 'packages',
      commands: steps.flatMap((step) => step.commands ?? []),
    },
  ]
}

const commandLines = ({ commands = [] }: Step): string[] =>
  commands.map((command) => `    ${show(command)}`)

/** Never another kernel unasked: what would come along is said, and agreed to. */
async function agree(
  facts: SystemFacts,
  missing: Missing,
  needs: string[],
  yes: boolean,
  output: Output,
): Promise<void> {
  const all = [...needs, ...missing.kernels.map((kernel) => `  - ${kernel} comes along: a kernel`)]
  if (yes) for (const line of all) output.say(line)
  else if (!(await output.confirm('Run these?', all)))
    throw new Failure('packages', 'Packages are needed and were not installed.', {
      details: all,
      mend: facts.installCommand([...missing.packages, ...missing.again]),
    })
}

/**
 * Installs what is missing through the system's package manager, after asking once. The lists are
 * refreshed first, since only then can be told which headers are to be had.
 */
export async function installPrerequisites(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
  missing: Missing,
  options: { yes?: boolean },
  output: Output,
): Promise<void> {
  const refresh = refreshSteps(facts)
  if (missing.hopeless && refresh.length === 0) throw missing.hopeless

  const needs = [
    'Needed first:',
    ...missing.reasons.map((reason) => `  - ${reason}`),
    ...[...refresh, ...installSteps(facts, missing)].flatMap(commandLines),
  ]
  await agree(facts, missing, needs, options.yes === true, output)
  await runSteps(refresh, output)

  const now = await findMissing(project, facts, named)
  if (now.hopeless) throw now.hopeless
  const more = now.kernels.filter((kernel) => !missing.kernels.includes(kernel))
  if (more.length > 0) {
    const needs = installSteps(facts, now).flatMap(commandLines)
    await agree(facts, { ...now, kernels: more }, needs, options.yes === true, output)
  }
  await runSteps(bringSteps(project, facts, now), output)
}
