import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { arch } from 'node:os'
import semver from 'semver'
import { akmsBuild, akmsModules } from '../build/akms.ts'
import { type InstalledFile, installedFiles } from '../build/installed-files.ts'
import { programScript } from '../build/program-script.ts'
import { findCopyrights } from '../manifest/find-out.ts'
import type { PackageManager, Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { oneLine } from '../manifest/words.ts'
import { quote } from '../run/exec.ts'
import { wrap } from '../run/output.ts'
import { type Release, rpmChangelog } from './changelog.ts'
import { copyrightFile } from './copyright.ts'
import { documents, licenseFile } from './files.ts'
import { machineOf } from './machines.ts'
import { aboutTools } from './tools.ts'
import { packageVersions } from './versions.ts'

/** When the version was made, s since 1970: what packages are dated by, so that a build can be repeated. */
export const sourceDateEpoch = (releases: Release[]): string =>
  String((releases[0]?.date.getTime() ?? 0) / 1000)

/** What dpkg, pacman and apk can have as a name: no capital letters, no underscores. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll('_', '-')

type Relation = keyof NonNullable<Project['package']['relations']>

/** Relations to other packages, as one package manager calls those. */
const relationsFor = ({ package: about }: Project, manager: PackageManager) =>
  Object.fromEntries(
    (['depends', 'recommends', 'suggests', 'conflicts', 'replaces', 'provides'] as const).map(
      (kind) => [kind, about.relations?.[kind]?.[manager] ?? []],
    ),
  ) as Record<Relation, string[]>

/** Who the package is by, and since when: as the manifest or the sources say. */
function copyrights(project: Project, releases: Release[]): string[] {
  const said = project.package.copyright ?? findCopyrights(project.folder, project.sources)
  const year = releases[0]?.date.getUTCFullYear() ?? ''
  return said.length > 0 ? said : [`${year} the authors, as the sources say`]
}

/**
 * A package for one kernel: what its name and its dependencies are made of. `machine` is as Node says
 * it; the others are called that by all.
 */
export function binaryValues(project: Project, release: string, machine: string = arch()) {
  const base = project.package.name.replace(/-dkms$/, '')
  const name = `${base}-modules-${release}`
  return {
    release,
    /** As rpm has it; dpkg's has no capital letters and no underscores. */
    name,
    debName: plainName(name),
    tarball: `${name}-${project.version}.tar.gz`,
    /**
     * Debian 11 and older may have a /lib that is not /usr/lib; where it is one, both are the same. What
     * has newer kernels has no such /lib, and wants to have no file below it.
     */
    modulesFolder: `${semver.lt(semver.coerce(release) ?? '0.0.0', '6.1.0') ? '' : '/usr'}/lib/modules`,
    debArchitecture: machineOf('node', machine).deb,
    rpmArchitecture: machineOf('node', machine).rpm,
  }
}

/** What is said of a package that says no more than its summary: of sources, and of what was built. */
function described({ package: { description }, modules }: Project) {
  const [what, are] = modules.length === 1 ? ['The module', 'is'] : ['The modules', 'are']
  const named = `${what} ${modules.map(({ name }) => name).join(', ')}`
  const lines = (text: string) => wrap('', oneLine(description ?? text), 76).join('\n')
  return {
    descriptionLines: lines(`${named} ${are} built by DKMS for every kernel that has headers.`),
    builtLines: lines(`${named}.`),
  }
}

/** A file that comes along, and its rights. */
export const fileMode = ({ path, executable }: InstalledFile) => ({
  path,
  mode: executable ? '755' : '644',
})

/** Of a package that holds programs of this machine's architecture; of others, what each kind calls no architecture. */
const architectures = ({ programs }: Project) => {
  const { deb, rpm, pacman } = machineOf('node', arch())
  return programs ? { deb, rpm, pacman } : { deb: 'all', rpm: 'noarch', pacman: 'any' }
}

/** What the templates in rpm/, arch/, alpine/ and debian/modules/ are filled with. */
export function packageValues(project: Project, releases: Release[], manuals: string[]) {
  const { package: about, version } = project
  const floor = semver.minVersion(project.dkms.range)
  const { maintainer } = about
  return {
    name: about.name,
    debName: plainName(about.name),
    version,
    ...packageVersions(version),
    summary: about.summary,
    ...described(project),
    license: about.license,
    homepage: about.homepage,
    maintainer,
    modules: fileNames(project),
    akmsModules: akmsModules(project),
    akmsBuild: akmsBuild(project),
    files: installedFiles(project).map(fileMode),
    /** Programs that a package's own recipe builds, and where it leaves each. */
    programs: Object.entries(project.programs?.files ?? {}).map(([path, from]) => ({ path, from })),
    programScript,
    architecture: architectures(project),
    documents: Object.keys(documents(project)),
    hasLicense: licenseFile(project) !== undefined,
    copyright: copyrightFile(project, copyrights(project, releases)),
    needs: project.needs ?? {},
    /** The package of the command, where one comes along. */
    tools: aboutTools(project),
    relations: (manager: PackageManager) => relationsFor(project, manager),
    dkmsMin: floor ? `${floor.major}.${floor.minor}` : '0',
    manuals,
    tarball: `${about.name}-${version}.tar.gz`,
    rpmChangelog: rpmChangelog(releases, maintainer).trimEnd(),
    quote,
    /** A percent sign is a macro to rpm. */
    rpm: (text: string) => text.replaceAll('%', '%%'),
    /** As a field's further lines in a Debian control file. */
    indented: (text: string) => text.replaceAll(/^/gm, ' '),
  }
}

/** The digest of a file, in hexadecimal. */
export const digest = (algorithm: 'sha256' | 'sha512', file: string): string =>
  createHash(algorithm).update(readFileSync(file)).digest('hex')
