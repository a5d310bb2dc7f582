import { chronyFiles, restartChrony } from '../install/chrony.ts'
import { equippedKernels, readRemoval, touched } from '../install/input.ts'
import { planUninstall } from '../install/plan.ts'
import { requireNotOwned } from '../install/requirements.ts'
import type { Project } from '../manifest/manifest.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { readFacts } from '../system/facts.ts'
import { checkRelease } from '../system/kernels.ts'
import { loadedModules } from '../system/modules.ts'
import { type CommonOptions, runAlone } from './options.ts'

/** The kernels that were named; each must have it. */
function named(equipped: string[], project: Project, { kernel = [] }: CommonOptions): string[] {
  for (const release of kernel)
    if (!equipped.includes(checkRelease(release)))
      throw new Failure('kernel', `${project.package.name} is not installed for ${release}.`, {
        mend: 'vmmci-dkms status',
      })
  return kernel
}

async function run(project: Project, options: CommonOptions, output: Output): Promise<void> {
  await requireNotOwned(project, 'remove')
  const { name } = project.package
  const facts = readFacts(project)
  const input = readRemoval(
    project,
    facts,
    named(equippedKernels(project, facts), project, options),
  )
  const steps = planUninstall(input)
  if (options.dryRun) return showPlan(steps, output)

  const unload = steps.filter(({ kind }) => kind === 'load')
  const others = steps.filter(({ kind }) => kind !== 'load')
  await runSteps(unload, output)
  if (others.length > 0)
    await transaction(touched(project, facts), output, () =>
      inScratch(() => runSteps(others, output)),
    )
  if (input.isLast && chronyFiles(project).some(({ path }) => input.paths.includes(path)))
    await restartChrony()
  const stillLoaded = loadedModules(input.loaded).map((m) => m.name)
  const document = {
    package: name,
    removed: input.isLast ? input.versions : [],
    kernels: input.releases,
    stillLoaded,
  }
  const from = input.isLast ? '' : ` from ${input.releases.join(', ')}`
  output.result(document, () => [
    steps.length > 0 ? `${name} is removed${from}.` : `${name} is not installed.`,
    ...(stillLoaded.length > 0
      ? [`Still in use until the next boot: ${stillLoaded.join(', ')}.`]
      : []),
  ])
}

/** Leaves no dkms entry, module, source tree or configuration, and unloads what nothing uses. */
export async function uninstall(options: CommonOptions): Promise<void> {
  await runAlone(options, run)
}
