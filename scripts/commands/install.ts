import { rmSync } from 'node:fs'
import { chooseKernels, requestedKernels } from '../build/select.ts'
import { must } from '../check/finding.ts'
import { requireBuildable } from '../check/kernel.ts'
import {
  checkDevice,
  checkDkms,
  checkMachine,
  checkNeeds,
  checkSpace,
  checkWritable,
  requirePlatform,
} from '../check/system.ts'
import { type Closeness, followByChrony, planChrony, requireChrony } from '../install/chrony.ts'
import { agreeToTakeOver } from '../install/in-the-way.ts'
import { inheritedKernels, readInput, touched } from '../install/input.ts'
import { load } from '../install/loading.ts'
import { findMissing, isEmpty } from '../install/missing.ts'
import { requireFree, requireNotAnothers, requireNotOwned } from '../install/owned.ts'
import { type InstallInput, planInstall, planLoad } from '../install/plan.ts'
import { installPrerequisites, planPrerequisites } from '../install/prerequisites.ts'
import { tellLeft, tellResult } from '../install/result.ts'
import { explained, signStep, verifyStep } from '../install/steps.ts'
import type { Project } from '../manifest/manifest.ts'
import { throwIfInterrupted } from '../run/interrupt.ts'
import type { Output } from '../run/output.ts'
import { caller } from '../run/raise.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { requireWholeKeys } from '../signing/policy.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { type CommonOptions, runAlone } from './options.ts'

export interface InstallOptions extends CommonOptions {
  prereqs?: boolean
  /** Let chrony follow the host's clock. */
  chrony?: Closeness
}

interface Gathered {
  facts: SystemFacts
  kernels: Kernel[]
  /** Kernels without headers that keep the modules of another version. */
  left: Kernel[]
  input: InstallInput
}

/** What is there, once all that is needed is; throws where an installation cannot be. */
async function gather(
  project: Project,
  options: InstallOptions,
  output: Output,
): Promise<Gathered> {
  const facts = readFacts(project)
  const chosen = await chooseKernels(project, facts, options, output)
  const { buildable, left } = inheritedKernels(project, facts)
  const byRelease = [...chosen, ...buildable].map((kernel) => [kernel.release, kernel] as const)
  const kernels = [...new Map(byRelease).values()]
  must(checkWritable())
  const [dkms, needs] = await Promise.all([checkDkms(project, facts), checkNeeds(project, facts)])
  must(dkms)
  must(needs)
  await requireBuildable(facts, kernels)
  must(checkSpace())
  requireWholeKeys()
  const input = readInput(project, kernels, await caller())
  await requireNotAnothers(project, input.strays)
  await requireFree(
    project,
    [...input.config, ...(input.programs?.files ?? [])].map(({ path }) => path),
  )
  return { facts, kernels, left, input }
}

/** The steps that are undone together. */
function plan(project: Project, { kernels, input }: Gathered): Step[] {
  const steps = planInstall(input)
  if (steps.length === 0) return []
  return [
    ...explained(project, input.releases, steps),
    signStep(project, kernels),
    verifyStep(project, kernels),
  ]
}

async function apply(
  project: Project,
  { facts, left, input }: Gathered,
  steps: Step[],
  options: InstallOptions,
  output: Output,
): Promise<void> {
  throwIfInterrupted()
  await agreeToTakeOver(input, options.yes === true, output)
  try {
    if (steps.length > 0)
      await transaction(touched(project, facts), output, () =>
        inScratch(() => runSteps(steps, output)),
      )
  } finally {
    if (input.programs) rmSync(input.programs.folder, { recursive: true, force: true })
  }
  await load(project, input, output)
  if (options.chrony) await followByChrony(project, options.chrony, output)
  tellResult(project, input, left, steps.length > 0, output)
  await tellLeft(facts, left, output)
}

async function run(project: Project, options: InstallOptions, output: Output): Promise<void> {
  const facts = readFacts(project)
  requirePlatform(facts)
  must(checkMachine(project))
  await requireNotOwned(project, 'install')
  const how = options.chrony
  const chrony = how && requireChrony(project, how)
  const named = requestedKernels(project, facts, options)
  const device = checkDevice(project)
  if (device.level === 'note') output.tell(device.message)
  const missing = options.prereqs !== false && (await findMissing(project, facts, named))
  if (missing && !isEmpty(missing)) {
    if (options.dryRun) return showPlan(planPrerequisites(project, facts, missing), output)
    await installPrerequisites(project, facts, named, missing, options, output)
  }

  const gathered = await gather(project, options, output)
  const steps = plan(project, gathered)
  if (!options.dryRun) return apply(project, gathered, steps, options, output)
  const clock = chrony ? planChrony(project, chrony, how) : []
  showPlan([...steps, ...planLoad(gathered.input), ...clock], output)
}

export async function install(options: InstallOptions): Promise<void> {
  await runAlone(options, run)
}
