import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  checkRange,
  defaultSelection,
  headersFailure,
  meantKernel,
  requestedKernels,
} from '../build/select.ts'
import { chronyOffer, followByChrony, planChrony, requireChrony } from '../install/chrony.ts'
import { inheritedKernels, readInput, stage, touchedPaths } from '../install/input.ts'
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
  requireNotOwned,
  requirePlatform,
  requireSpace,
} from '../install/requirements.ts'
import { explainBuild, signStep, verifyStep } from '../install/steps.ts'
import type { Project } from '../manifest/manifest.ts'
import { requireRoot, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { confirm, type Output } from '../run/output.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, type Step, showSteps, throwIfInterrupted } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { requireWholeKeys } from '../signing/policy.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { loadedModules } from '../system/modules.ts'
import { type CommonOptions, runAlone } from './options.ts'

export interface InstallOptions extends CommonOptions {
  prereqs?: boolean
  /** Let chrony follow the host's clock. */
  chrony?: boolean
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

/** Loading is not part of what is undone: modules that a missing key keeps out are installed well. */
async function load(input: InstallInput, output: Output): Promise<void> {
  const steps = planLoad(input).map(
    (step): Step => ({
      ...step,
      explain: (command, result) =>
        new Failure('load', 'The modules are installed, but could not be loaded.', {
          details: result.stderr.trim().split('\n'),
          mend: show(command),
        }),
    }),
  )
  await runSteps(steps, output)
}

async function run(project: Project, options: InstallOptions, output: Output): Promise<void> {
  let facts = readFacts(project)
  requirePlatform(project, facts)
  await requireNotOwned(project, 'install')
  if (options.chrony) requireChrony(project)
  const named = requestedKernels(project, facts, options)
  if (!options.dryRun) requireRoot()

  if (options.prereqs !== false) {
    if (options.dryRun) {
      const missing = await findMissing(project, facts, named)
      if (missing.hopeless) throw missing.hopeless
      if (!isEmpty(missing)) {
        const commands = prerequisiteCommands(facts, missing)
        const lines = [
          '# Install what is needed first',
          ...commands.map(show),
          '# The rest follows from what these bring.',
        ]
        output.result({ commands: lines.filter((line) => !line.startsWith('#')) }, () => lines)
        return
      }
    } else {
      await installPrerequisites(project, facts, named, options, output)
      facts = readFacts(project)
    }
  }

  const kernels = [
    ...new Map(
      [
        ...(await selectKernels(project, facts, options, output)),
        ...inheritedKernels(project, facts),
      ].map((kernel) => [kernel.release, kernel]),
    ).values(),
  ]
  await requireDkms(project, facts)
  await requireBuildable(facts, kernels)
  requireSpace()
  requireWholeKeys()
  throwIfInterrupted()

  const folder = mkdtempSync(join(tmpdir(), `${project.package.name}-`))
  try {
    stage(project, folder)
    const input = readInput(project, kernels, folder)
    const steps = planInstall(input).map((step) => explainBuild(project, step))
    if (options.dryRun) {
      const chrony = options.chrony ? planChrony(project, requireChrony(project)) : []
      const all = [...steps, ...planLoad(input), ...chrony]
      output.result({ commands: all.flatMap((s) => (s.commands ?? []).map(show)) }, () =>
        showSteps(all),
      )
      return
    }
    await agreeToTakeOver(input, options.yes === true, output)
    if (steps.length > 0)
      await transaction(touchedPaths(project, kernels), input.releases, output, () =>
        inScratch(() =>
          runSteps([...steps, signStep(project, kernels), verifyStep(project, kernels)], output),
        ),
      )
    await load(input, output)
    if (options.chrony) await followByChrony(project, output)
    report(project, input, steps.length === 0, output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is in the way is named, and taken over only if that was agreed to. */
async function agreeToTakeOver(input: InstallInput, yes: boolean, output: Output): Promise<void> {
  if (input.strays.length + input.otherVersions.length === 0) return
  if (input.strays.length > 0) {
    output.say('Taking over modules that were installed by hand:')
    for (const file of input.strays) output.say(`  ${file}`)
  }
  for (const version of input.otherVersions) output.say(`Replacing version ${version}.`)
  if (!yes && !(await confirm('Go on?')))
    throw new Failure('install', 'Another installation is in the way, and was left as it is.', {
      mend: 'vmmci-dkms install --yes',
    })
}

function report(project: Project, input: InstallInput, nothing: boolean, output: Output): void {
  const { name } = project.package
  const document = {
    package: name,
    version: project.version,
    kernels: input.releases,
    changed: !nothing,
    loaded: loadedModules(input.modules).map((module) => module.name),
  }
  output.result(document, () => [
    nothing
      ? `${name} ${project.version} is installed already for ${input.releases.join(', ')}.`
      : `${name} ${project.version} is installed for ${input.releases.join(', ')}.`,
    'dkms will rebuild it at each kernel upgrade.',
    ...(input.releases.includes(readFacts(project).running.release)
      ? []
      : ['Not loaded: none of these is the running kernel.']),
    ...[chronyOffer(project) ?? []].flat(),
  ])
}

export async function install(options: InstallOptions): Promise<void> {
  await runAlone(options, run)
}
