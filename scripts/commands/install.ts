import {
  checkRange,
  defaultSelection,
  headersFailure,
  meantKernel,
  requestedKernels,
} from '../build/select.ts'
import type { Documents } from '../cli/documents.ts'
import { adviseBoot } from '../install/boot.ts'
import {
  type Closeness,
  chronyOffer,
  followByChrony,
  planChrony,
  requireChrony,
} from '../install/chrony.ts'
import { inheritedKernels, readInput, touched } from '../install/input.ts'
import { explainLoad } from '../install/loading.ts'
import { requireNeeds } from '../install/needs.ts'
import { type InstallInput, planInstall, planLoad } from '../install/plan.ts'
import {
  findMissing,
  installPrerequisites,
  isEmpty,
  prerequisiteCommands,
} from '../install/prerequisites.ts'
import {
  requireBuildable,
  requireDkms,
  requireFree,
  requireNotAnothers,
  requireNotOwned,
  requirePlatform,
  requireSpace,
  requireWritable,
  tellDevice,
} from '../install/requirements.ts'
import { explained, signStep, verifyStep } from '../install/steps.ts'
import type { Project } from '../manifest/manifest.ts'
import { type Command, type Result, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { throwIfInterrupted } from '../run/interrupt.ts'
import { type Output, wrap } from '../run/output.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { requireWholeKeys } from '../signing/policy.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { modprobeLines, showModprobeLine } from '../system/modprobe.ts'
import { loadedModules } from '../system/modules.ts'
import { type CommonOptions, runAlone } from './options.ts'

export interface InstallOptions extends CommonOptions {
  prereqs?: boolean
  /** Let chrony follow the host's clock. */
  chrony?: Closeness
}

async function selectKernels(
  project: Project,
  facts: SystemFacts,
  options: InstallOptions,
  output: Output,
): Promise<Kernel[]> {
  const named = requestedKernels(project, facts, options)
  if (named.length > 0) return named
  const selection = defaultSelection(project, facts)
  if (!selection) throw await headersFailure(facts, meantKernel(facts))
  for (const kernel of selection.kernels) checkRange(project, kernel)
  if (selection.note) output.tell(selection.note)
  return selection.kernels
}

/** What keeps them out: modprobe, which was just asked, does not say it. */
function notLoaded(project: Project, command: Command, { stderr }: Result): Failure {
  const { message, mend } = explainLoad(project, stderr)
  return new Failure('load', 'The modules are installed, but could not be loaded.', {
    details: [show(command), message],
    mend,
  })
}

/** Loading is not part of what is undone: modules that a missing key keeps out are installed well. */
async function load(project: Project, input: InstallInput, output: Output): Promise<void> {
  const steps = planLoad(input).map(
    (step): Step => ({
      ...step,
      explain: (command, result) => notLoaded(project, command, result),
    }),
  )
  await runSteps(steps, output)
}

/** What has to be brought by the package manager first; empty where all is there. */
async function planPrerequisites(
  project: Project,
  facts: SystemFacts,
  options: InstallOptions,
): Promise<Step[]> {
  if (options.prereqs === false) return []
  const missing = await findMissing(project, facts, requestedKernels(project, facts, options))
  if (missing.hopeless && options.dryRun) throw missing.hopeless
  if (isEmpty(missing)) return []
  return [
    {
      title: 'Install what is needed first; the rest follows from what these bring',
      kind: 'packages',
      commands: prerequisiteCommands(facts, missing),
    },
  ]
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
  const chosen = await selectKernels(project, facts, options, output)
  const { buildable, left } = inheritedKernels(project, facts)
  const byRelease = [...chosen, ...buildable].map((kernel) => [kernel.release, kernel] as const)
  const kernels = [...new Map(byRelease).values()]
  requireWritable()
  await requireDkms(project, facts)
  await requireNeeds(project, facts)
  await requireBuildable(facts, kernels)
  requireSpace()
  requireWholeKeys()
  const input = readInput(project, kernels)
  await requireNotAnothers(project, input.strays)
  await requireFree(
    project,
    input.config.map(({ path }) => path),
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

async function run(project: Project, options: InstallOptions, output: Output): Promise<void> {
  const facts = readFacts(project)
  requirePlatform(project, facts)
  await requireNotOwned(project, 'install')
  const how = options.chrony
  const chrony = how && requireChrony(project, how)
  const named = requestedKernels(project, facts, options)
  // What a dry run prints is for a shell.
  if (!options.dryRun) tellDevice(project, output)
  const first = await planPrerequisites(project, facts, options)
  if (first.length > 0) {
    if (options.dryRun) return showPlan(first, output)
    await installPrerequisites(project, facts, named, options, output)
  }

  const gathered = await gather(project, options, output)
  const { input } = gathered
  const steps = plan(project, gathered)
  if (options.dryRun)
    return showPlan(
      [...steps, ...planLoad(input), ...(chrony ? planChrony(project, chrony, how) : [])],
      output,
    )
  throwIfInterrupted()
  await agreeToTakeOver(input, options.yes === true, output)
  if (steps.length > 0)
    await transaction(touched(project, gathered.facts), output, () =>
      inScratch(() => runSteps(steps, output)),
    )
  await load(project, input, output)
  if (how) await followByChrony(project, how, output)
  report(project, gathered, steps.length === 0, output)
  await tellLeft(gathered, output)
}

/** What is in the way is named, and taken over only if that was agreed to. */
async function agreeToTakeOver(input: InstallInput, yes: boolean, output: Output): Promise<void> {
  const { strays, otherVersions, rivals } = input
  if (strays.length + otherVersions.length + rivals.length === 0) return
  const inTheWay = [
    ...(strays.length > 0 ? ['Taking over modules that were installed by hand:'] : []),
    ...strays.map((file) => `  ${file}`),
    ...otherVersions.map((version) => `Replacing version ${version}.`),
    ...rivals.map(
      (rival) => `Replacing ${rival.name} ${rival.version}: dkms has modules of these names by it.`,
    ),
  ]
  if (yes) for (const line of inTheWay) output.say(line)
  else if (!(await output.confirm('Go on?', inTheWay)))
    throw new Failure('install', 'Another installation is in the way, and was left as it is.', {
      details: inTheWay,
      mend: 'vmmci-dkms install --yes',
    })
}

/** A kernel that keeps what it has is named, with what would bring it this version. */
async function tellLeft({ facts, left }: Gathered, output: Output): Promise<void> {
  for (const kernel of left) {
    const failure = await headersFailure(facts, kernel)
    output.warn(`${failure?.message} It keeps the older modules that it has.`)
    if (failure?.more.mend) output.warn(`  try: ${failure.more.mend}`)
  }
}

/** Who boots next finds nothing loaded, by lines that modprobe itself passes over. */
function loadingNotes(modules: string[]): string[] {
  return modprobeLines(modules).flatMap((line) => {
    const { message, mend } = showModprobeLine(line)
    return [...wrap('', `${message}.`), `  try: ${mend}`]
  })
}

function report(
  project: Project,
  { left, input }: Gathered,
  nothing: boolean,
  output: Output,
): void {
  const { name } = project.package
  const boot = adviseBoot(project)
  const document: Documents['install'] = {
    package: name,
    version: project.version,
    kernels: input.releases,
    left: left.map(({ release }) => release),
    changed: !nothing,
    loaded: loadedModules(input.modules).map((module) => module.name),
    boot: boot?.message ?? null,
  }
  output.result(document, () => [
    nothing
      ? `${name} ${project.version} is installed already for ${input.releases.join(', ')}.`
      : `${name} ${project.version} is installed for ${input.releases.join(', ')}.`,
    'dkms will rebuild it at each kernel upgrade.',
    'To see whether it works: vmmci-dkms smoke',
    ...(boot ? wrap('', boot.message) : []),
    ...(boot?.mend ? [`  try: ${boot.mend}`] : []),
    ...loadingNotes(input.modules),
    ...[chronyOffer(project) ?? []].flat(),
  ])
}

export async function install(options: InstallOptions): Promise<void> {
  await runAlone(options, run)
}
