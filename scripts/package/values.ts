import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'
import semver from 'semver'
import type { Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { wrap } from '../run/output.ts'
import { parseChangelog, type Release, rpmChangelog } from './changelog.ts'
import { packageFolder } from './files.ts'

/** One line, whatever a manifest has there: it becomes a line of a control file. */
const oneLine = (text: string): string => text.split(/\s+/).join(' ').trim()

/** The package's versions; the first must be the one that is packaged. Throws a Failure. */
export function readChangelog(project: Project): Release[] {
  const file = join(packageFolder(project), 'CHANGELOG.md')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new Failure('package', `${file} cannot be read.`, { mend: `ls -l ${quote(file)}` })
  }
  const releases = parseChangelog(text)
  if (releases[0]?.version !== project.version)
    throw new Failure(
      'package',
      `CHANGELOG.md begins with ${releases[0]?.version}, and the version is ${project.version}.`,
      { mend: `"\${EDITOR:-vi}" ${quote(file)}` },
    )
  return releases
}

/** When the version was made, s since 1970: what packages are dated by, so that a build can be repeated. */
export const sourceDateEpoch = (releases: Release[]): string =>
  String((releases[0]?.date.getTime() ?? 0) / 1000)

/** A version in the ways of dpkg and rpm, pacman, and apk: before a release, not after it. */
export function packageVersions(version: string) {
  return {
    debVersion: version.replace('-', '~'),
    rpmVersion: version.replace('-', '~'),
    archVersion: version.replace('-', ''),
    alpineVersion: version.replace(/-(\w+)\.?/, '_$1'),
  }
}

/** A package for one kernel: what its name and its dependencies are made of. */
export function binaryValues(project: Project, release: string) {
  const base = project.package.name.replace(/-dkms$/, '')
  const name = `${base}-modules-${release}`
  return {
    release,
    /** As rpm has it; dpkg's has no capital letters and no underscores. */
    name,
    debName: name.toLowerCase().replaceAll('_', '-'),
    tarball: `${name}-${project.version}.tar.gz`,
    debArchitecture: arch() === 'x64' ? 'amd64' : 'i386',
    rpmArchitecture: arch() === 'x64' ? 'x86_64' : 'i686',
  }
}

/** What the templates in rpm/, arch/, alpine/ and debian/modules/ are filled with. */
export function packageValues(project: Project, releases: Release[], manuals: string[]) {
  const { package: about, version } = project
  const floor = semver.minVersion(project.dkms.range)
  const maintainer = oneLine(about.maintainer)
  return {
    name: about.name,
    version,
    ...packageVersions(version),
    summary: oneLine(about.summary),
    descriptionLines: wrap('', oneLine(about.description ?? about.summary), 76).join('\n'),
    license: oneLine(about.license),
    homepage: about.homepage && oneLine(about.homepage),
    maintainer,
    modules: project.modules.map((module) => module.name),
    dkmsMin: floor ? `${floor.major}.${floor.minor}` : '0',
    manuals,
    udev: project.install.udev !== undefined,
    chrony: project.install.chrony !== undefined,
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
