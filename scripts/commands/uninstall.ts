import { must } from '../check/finding.ts'
import { checkWritable } from '../check/system.ts'
import type { Documents } from '../cli/documents.ts'
import { brought, forgetSteps } from '../install/brought.ts'
import { chronyFiles, restartSteps } from '../install/chrony.ts'
import { equippedKernels, readRemoval, touched } from '../install/input.ts'
import { requireNotOwned, unowned } from '../install/owned.ts'
import { removeSteps } from '../install/package-steps.ts'
import { managers } from '../install/packages.ts'
import { planUninstall, type UninstallInput } from '../install/plan.ts'
import type { Project } from '../manifest/manifest.ts'
import { show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
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
  return [...new Set(kernel)]
}

/** Without what another package brought, which is told of. */
async function onlyOwn(found: UninstallInput, output: Output): Promise<UninstallInput> {
  const all = [...found.paths, ...found.modules]
  const own = new Set(await unowned(all))
  for (const path of all)
    if (!own.has(path)) output.tell(`${path} is another package's, and stays.`)
  const modules = found.modules.filter((path) => own.has(path))
  const nothing = found.versions.length === 0 && found.modules.length > 0 && modules.length === 0
  return {
    ...found,
    modules,
    paths: found.paths.filter((path) => own.has(path)),
    releases: nothing ? [] : found.releases,
  }
}

async function run(project: Project, options: CommonOptions, output: Output): Promise<void> {
  await requireNotOwned(project, 'remove')
  const { name } = project.package
  const facts = readFacts(project)
  const packages = await brought(name, facts.distribution)
  const found = readRemoval(
    project,
    facts,
    named(equippedKernels(project, facts), project, options),
  )
  const input = await onlyOwn(found, output)
  const steps = planUninstall(input)
  const hadChrony = chronyFiles(project).some(({ path }) => input.paths.includes(path))
  const after = input.isLast ? [...(hadChrony ? restartSteps() : []), ...forgetSteps(name)] : []
  if (options.dryRun) return showPlan([...steps, ...after], output)
  if (steps.length > 0) must(checkWritable())

  await agree(input, options, output)
  const unload = steps.filter(({ kind }) => kind === 'load')
  const others = steps.filter(({ kind }) => kind !== 'load')
  await runSteps(unload, output)
  if (others.length > 0)
    await transaction(touched(project, facts), output, () =>
      inScratch(() => runSteps(others, output)),
    )
  await runSteps(after, output)
  const stillLoaded = loadedModules(input.loaded).map((m) => m.name)
  const document: Documents['uninstall'] = {
    package: name,
    removed: input.isLast ? input.versions : [],
    kernels: input.releases,
    stillLoaded,
    packages: input.isLast ? packages : [],
  }
  const from = input.isLast ? '' : ` from ${input.releases.join(', ')}`
  output.result(document, () => [
    steps.length > 0 ? `${name} is removed${from}.` : `${name} is not installed.`,
    ...(stillLoaded.length > 0
      ? [`Still in use until the next boot: ${stillLoaded.join(', ')}.`]
      : []),
  ])
  if (input.isLast && packages.length > 0) await offerPackages(facts, packages, options, output)
}

/** Says what goes, and asks, where somebody is there. */
async function agree(
  { name, versions, releases, paths, isLast, modules }: UninstallInput,
  { yes }: CommonOptions,
  output: Output,
): Promise<void> {
  if (yes || !output.canAsk || releases.length + paths.length === 0) return
  const goes = [
    `This removes ${[name, ...versions].join(' ')}:`,
    ...releases.map((release) => `  - its modules of kernel ${release}`),
    ...(isLast ? [...paths, ...modules].map((path) => `  - ${path}`) : []),
  ]
  if (!(await output.confirm('Go on?', goes)))
    throw new Failure('install', 'Nothing was removed.', { mend: 'vmmci-dkms uninstall --yes' })
}

/** The packages that install brought stay, unless they are no longer wanted either. */
async function offerPackages(
  facts: SystemFacts,
  packages: string[],
  { yes }: CommonOptions,
  output: Output,
): Promise<void> {
  if (!facts.distribution) return
  const { remove } = managers[facts.distribution.manager]
  const stay = [`Packages that install brought: ${packages.join(' ')}`]
  if (!yes && (await output.confirm('Remove them, too?', stay, 'no')))
    return runSteps(removeSteps(facts, packages), output)
  output.say('Packages that install brought stay. To remove them:')
  output.say(`  ${show({ argv: [...remove, ...packages], root: true })}`)
}

/** Leaves no dkms entry, module, source tree or configuration, and unloads what nothing uses. */
export async function uninstall(options: CommonOptions): Promise<void> {
  await runAlone(options, run)
}
