import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { installedFiles } from '../build/installed-files.ts'
import { holdsSourceTree, writeSourceTree } from '../build/source-tree.ts'
import type { Project } from '../manifest/manifest.ts'
import { dkmsTree, readDkms } from '../system/dkms.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { findModules, loadedModules } from '../system/modules.ts'
import { chronyFiles } from './chrony.ts'
import { type InstallInput, sourceFolder } from './plan.ts'

/**
 * Kernels for which another version of the package is installed: that version goes, so they need
 * this one, whether they were named or not.
 */
export function inheritedKernels(project: Project, facts: SystemFacts): Kernel[] {
  const releases = readDkms(project.package.name)
    .filter(({ version }) => version !== project.version)
    .flatMap(({ builds }) => builds.filter((b) => b.state === 'installed').map((b) => b.release))
  return facts.kernels.filter((k) => k.headers.state === 'ok' && releases.includes(k.release))
}

/** Modules of ours that dkms did not put there: someone's `make install`, for instance. */
function strays(project: Project, releases: string[]): string[] {
  const names = project.modules.map((module) => module.name)
  const builds = readDkms(project.package.name).flatMap((version) => version.builds)
  return releases.flatMap((release) => {
    const files = findModules(release, names)
    const dkmsHasIt = builds.some((b) => b.release === release && b.state === 'installed')
    const place = dkmsHasIt && dkmsPlaces.find((p) => files.some((file) => file.includes(p)))
    return place ? files.filter((file) => !file.includes(place)) : files
  })
}

/** Files of ours that may be outside dkms's and the modules' places. */
export function ownFiles(project: Project): string[] {
  return [...installedFiles(project), ...chronyFiles(project)].map(({ path }) => path)
}

/** Where dkms installs: Debian and kin, Arch; SUSE; Fedora and RHEL. The first that has files is it. */
const dkmsPlaces = ['/updates/dkms/', '/updates/', '/extra/']

/** What a plan needs to know, from the system as it is now. */
export function readInput(project: Project, kernels: Kernel[], staged: string): InstallInput {
  const { name } = project.package
  const { version } = project
  const versions = readDkms(name)
  const own = versions.find((v) => v.version === version)
  const releases = kernels.map((kernel) => kernel.release)
  const modules = project.modules.map((module) => module.name)
  const loaded = loadedModules(modules)
  const load = project.install.autoload !== 'none' && kernels.some((kernel) => kernel.running)
  return {
    name,
    version,
    modules,
    staged: join(staged, 'source'),
    releases,
    present: own !== undefined,
    added: own?.source === true && holdsSourceTree(project, sourceFolder(name, version)),
    installed: (own?.builds ?? []).filter((b) => b.state === 'installed').map((b) => b.release),
    otherVersions: versions.map((v) => v.version).filter((v) => v !== version),
    strays: strays(project, releases),
    config: installedFiles(project)
      .filter(({ path, text }) => !existsSync(path) || !readFileSync(path).equals(text))
      .map(({ path }) => ({
        path,
        staged: join(staged, basename(join(path, '..')), basename(path)),
      })),
    load: load && loaded.filter((m) => m.version === version).length < modules.length,
    unload: loaded
      .filter((module) => module.version !== version)
      .map((module) => module.name)
      .reverse(),
  }
}

export function stage(project: Project, folder: string): void {
  mkdirSync(join(folder, 'source'))
  writeSourceTree(project, join(folder, 'source'))
  for (const { path, text } of installedFiles(project)) {
    mkdirSync(join(folder, basename(join(path, '..'))), { recursive: true })
    writeFileSync(join(folder, basename(join(path, '..')), basename(path)), text)
  }
}

/** All that an installation or a removal may touch. */
export function touchedPaths(project: Project, kernels: Kernel[]): string[] {
  const { name } = project.package
  const modules = project.modules.map((module) => module.name)
  const versions = new Set([project.version, ...readDkms(name).map((v) => v.version)])
  const places = kernels.flatMap(({ release }) => {
    const found = findModules(release, modules)
    const usual = ['updates/dkms', 'extra', 'updates'].flatMap((place) =>
      modules.flatMap((m) =>
        ['', '.xz', '.gz', '.zst'].map((c) => `/lib/modules/${release}/${place}/${m}.ko${c}`),
      ),
    )
    return [...found, ...usual]
  })
  return [
    ...new Set([
      `${dkmsTree}/${name}`,
      ...[...versions].map((version) => sourceFolder(name, version)),
      ...ownFiles(project),
      ...places,
    ]),
  ]
}
