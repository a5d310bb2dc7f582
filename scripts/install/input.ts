import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installedFiles } from '../build/installed-files.ts'
import { missingPrograms, programPaths } from '../build/programs.ts'
import { home } from '../home.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames, loadedNames } from '../manifest/names.ts'
import type { Caller } from '../run/raise.ts'
import type { Touched } from '../run/transaction.ts'
import { type DkmsVersion, dkmsTree, findRivals, readDkms, sourceFolders } from '../system/dkms.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { findModules, isLinked, loadedModules } from '../system/modules.ts'
import { chronyFiles } from './chrony.ts'
import { chronyLeftovers } from './chrony-leftovers.ts'
import { modulesToExchange } from './exchange.ts'
import { below, isInPlace, type NewFile, sourceFiles } from './files.ts'
import { commandPaths, missingCommand } from './own-command.ts'
import { type InstallInput, sourceFolder, type UninstallInput } from './plan.ts'

/** What exchanges a kernel's modules, here as in the packages. */
export const everyKernel = join(home, 'scripts/guest/every-kernel')

/** Where it keeps the logs of builds that failed. */
export const logFolder = (name: string): string => `/var/log/${name}`

/** Where dkms installs: Debian and kin, Arch; SUSE; Fedora and RHEL. The first that has files is it. */
const dkmsPlaces = ['/updates/dkms/', '/updates/', '/extra/']

/** Module files of these names that nobody links and no other package of dkms's brought. */
function ownModules(project: Project, release: string): string[] {
  const names = fileNames(project)
  const others = findRivals(project.package.name, names).flatMap(({ releases }) => releases)
  if (others.includes(release)) return []
  return findModules(release, names).filter((file) => !isLinked(file))
}

const installedBuilds = (versions: DkmsVersion[]) =>
  versions.flatMap(({ builds }) => builds.filter(({ state }) => state === 'installed'))

/** The kernels for which dkms has installed any version, and all that have such a module of their own. */
export function equippedKernels(project: Project, facts: SystemFacts): string[] {
  const byDkms = readDkms(project.package.name).flatMap(({ builds }) => builds)
  return [
    ...new Set([
      ...byDkms.map(({ release }) => release),
      ...facts.kernels
        .map(({ release }) => release)
        .filter((release) => ownModules(project, release).length > 0),
    ]),
  ]
}

/**
 * Kernels for which the package is installed in another version or from other sources: those go, so
 * such a kernel needs this one, whether it was named or not. Without headers it can have none, and
 * keeps what it has.
 */
export function inheritedKernels(
  project: Project,
  facts: SystemFacts,
): { buildable: Kernel[]; left: Kernel[] } {
  const stands = missingSources(project).length === 0
  const old = installedBuilds(
    readDkms(project.package.name).filter((v) => !(stands && v.version === project.version)),
  ).map(({ release }) => release)
  const kernels = facts.kernels.filter(({ release }) => old.includes(release))
  const isOk = ({ headers }: Kernel) => headers.state === 'ok'
  return { buildable: kernels.filter(isOk), left: kernels.filter((kernel) => !isOk(kernel)) }
}

/** Modules of ours that dkms did not put there: someone's `make install`, for instance. */
function strays(project: Project, releases: string[]): string[] {
  const installed = installedBuilds(readDkms(project.package.name)).map(({ release }) => release)
  return releases.flatMap((release) => {
    const files = ownModules(project, release)
    const place =
      installed.includes(release) && dkmsPlaces.find((p) => files.some((file) => file.includes(p)))
    return place ? files.filter((file) => !file.includes(place)) : files
  })
}

/** It, where any of it is not in its place. */
function missingSources(project: Project): NewFile[] {
  const { name } = project.package
  const files = below(sourceFolder(name, project.version), sourceFiles(project))
  return files.every(isInPlace) ? [] : files
}

/** All that is put beside the modules. */
const configuration = (project: Project): NewFile[] =>
  installedFiles(project).map(({ path, from, text, executable = false }) => ({
    path,
    executable,
    ...(from ? { from } : { text: text.toString() }),
  }))

/** Files of ours that may be outside dkms's and the modules' places. */
export function ownFiles(project: Project): string[] {
  const files = [...installedFiles(project), ...chronyFiles(project)].map(({ path }) => path)
  const others = [...programPaths(project), ...chronyLeftovers(project), ...commandPaths(project)]
  return [...new Set([...files, ...others])]
}

/** What a plan needs to know, from the system as it is now; `by` is who builds programs, if not we. */
export function readInput(project: Project, kernels: Kernel[], by?: Caller): InstallInput {
  const { name } = project.package
  const { version } = project
  const versions = readDkms(name)
  const own = versions.filter((v) => v.version === version && v.source)
  const releases = kernels.map((kernel) => kernel.release)
  const current = kernels.find((kernel) => kernel.running)
  const sources = missingSources(project)
  const rivals = findRivals(name, fileNames(project))
  const found = strays(project, releases)
  const installed = installedBuilds(own).map(({ release }) => release)
  const fitting = current ? forKernel(project, current) : project
  const lacking = releases.filter(
    (release) =>
      sources.length > 0 ||
      !installed.includes(release) ||
      found.some((file) => file.startsWith(`/lib/modules/${release}/`)),
  )
  const exchange = modulesToExchange(
    fitting,
    loadedModules(loadedNames(fitting)),
    current !== undefined && lacking.includes(current.release),
  )
  const load = project.install.autoload !== 'none' && current !== undefined
  return {
    name,
    version,
    modules: fileNames(fitting),
    everyKernel,
    sources,
    releases,
    lacking,
    otherVersions: versions.map((v) => v.version).filter((v) => v !== version),
    strays: found,
    config: configuration(project).filter((file) => !isInPlace(file)),
    programs: missingPrograms(project, sources.length > 0, by),
    command: missingCommand(project),
    rivals,
    ...exchange,
    load: load && exchange.load,
  }
}

/** What a removal needs to know; `named` are the kernels that it is removed from, all without. */
export function readRemoval(project: Project, facts: SystemFacts, named: string[]): UninstallInput {
  const { name } = project.package
  const equipped = equippedKernels(project, facts)
  const releases = named.length > 0 ? named : equipped
  const isLast = equipped.every((release) => releases.includes(release))
  const versions = readDkms(name).map((v) => v.version)
  const folders = sourceFolders(name)
  const byHand = versions.length === 0 && folders.length === 0
  const isRunning = releases.includes(facts.running.release)
  return {
    name,
    everyKernel,
    versions,
    releases,
    isLast,
    modules: byHand ? releases.flatMap((release) => ownModules(project, release)) : [],
    paths: [...folders, ...ownFiles(project).filter((path) => existsSync(path))],
    folders: chronyLeftovers(project)
      .map((path) => dirname(path))
      .filter((folder) => folder.endsWith('.service.d') && existsSync(folder)),
    loaded:
      isRunning || isLast
        ? loadedModules(loadedNames(project))
            .map((module) => module.name)
            .reverse()
        : [],
  }
}

/** All that an installation or a removal may touch: every kernel, since dkms looks at every one. */
export function touched(project: Project, facts: SystemFacts): () => Touched {
  const { name } = project.package
  return () => {
    const releases = facts.kernels.map(({ release }) => release)
    // A kernel's own, too: dkms takes what has these names away.
    const modules = releases.map((release) => findModules(release, fileNames(project), '', true))
    return {
      paths: [
        ...new Set([
          `${dkmsTree}/${name}`,
          ...findRivals(name, fileNames(project)).map((rival) => `${dkmsTree}/${rival.name}`),
          sourceFolder(name, project.version),
          ...sourceFolders(name),
          ...ownFiles(project),
          ...modules.flat(),
        ]),
      ],
      folders: releases.flatMap((release) =>
        dkmsPlaces.map((place) => join('/lib/modules', release, place, '.')),
      ),
      releases: releases.filter((_, i) => modules[i]?.length),
    }
  }
}
