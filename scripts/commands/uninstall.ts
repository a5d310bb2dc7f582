import { existsSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { chronyFiles, restartChrony } from '../install/chrony.ts'
import { ownFiles, touchedPaths } from '../install/input.ts'
import { planUninstall, sourceFolder, type UninstallInput } from '../install/plan.ts'
import { requireNotOwned } from '../install/requirements.ts'
import type { Project } from '../manifest/manifest.ts'
import { requireRoot, show } from '../run/exec.ts'
import type { Output } from '../run/output.ts'
import { runSteps, showSteps } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { readDkms } from '../system/dkms.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import { findModules, loadedModules } from '../system/modules.ts'
import { type CommonOptions, runAlone } from './options.ts'

/** Source trees of any version, also of one that dkms no longer knows. */
function sourceFolders(name: string): string[] {
  const own = new RegExp(`^${name.replaceAll(/[.+]/g, '\\$&')}-\\d+\\.\\d+\\.\\d+`)
  return existsSync('/usr/src')
    ? readdirSync('/usr/src')
        .filter((entry) => own.test(entry))
        .map((entry) => `/usr/src/${entry}`)
    : []
}

function readInput(project: Project, facts: SystemFacts): UninstallInput {
  const { name } = project.package
  const modules = project.modules.map((module) => module.name)
  const versions = readDkms(name).map((v) => v.version)
  const byDkms = new Set(versions.map((version) => sourceFolder(name, version)))
  const releases = facts.kernels.map((kernel) => kernel.release)
  return {
    name,
    versions,
    paths: [
      ...sourceFolders(name).filter((folder) => !byDkms.has(folder)),
      ...ownFiles(project).filter((path) => existsSync(path)),
      ...releases.flatMap((release) => findModules(release, modules)),
    ],
    folders: chronyFiles(project)
      .map(({ path }) => dirname(path))
      .filter((folder) => folder.endsWith('.service.d') && existsSync(folder)),
    loaded: loadedModules(modules)
      .map((module) => module.name)
      .reverse(),
    releases: releases.filter((release) => existsSync(`/lib/modules/${release}/modules.dep`)),
  }
}

async function run(project: Project, options: CommonOptions, output: Output): Promise<void> {
  await requireNotOwned(project, 'remove')
  const facts = readFacts(project)
  const input = readInput(project, facts)
  const steps = planUninstall(input)
  if (options.dryRun) {
    output.result({ commands: steps.flatMap((s) => (s.commands ?? []).map(show)) }, () =>
      showSteps(steps),
    )
    return
  }
  if (steps.length > 0) {
    requireRoot()
    const [first, ...others] = steps
    const unload = first?.kind === 'load' ? [first] : []
    await runSteps(unload, output)
    await transaction(touchedPaths(project, facts.kernels), input.releases, output, () =>
      runSteps(unload.length > 0 ? others : steps, output),
    )
    if (chronyFiles(project).some(({ path }) => input.paths.includes(path))) await restartChrony()
  }
  const stillLoaded = loadedModules(project.modules.map((m) => m.name)).map((m) => m.name)
  output.result({ package: project.package.name, removed: input.versions, stillLoaded }, () => [
    steps.length > 0
      ? `${project.package.name} is removed.`
      : `${project.package.name} is not installed.`,
    ...(stillLoaded.length > 0
      ? [`Still in use until the next boot: ${stillLoaded.join(', ')}.`]
      : []),
  ])
}

/** Leaves no dkms entry, module, source tree or configuration, and unloads what nothing uses. */
export async function uninstall(options: CommonOptions): Promise<void> {
  await runAlone(options, run)
}
