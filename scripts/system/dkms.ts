import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import { ask } from '../run/exec.ts'

export const dkmsTree = '/var/lib/dkms'

export interface DkmsBuild {
  release: string
  architecture: string
  state: 'built' | 'installed'
}

export interface DkmsVersion {
  version: string
  /** False where the entry's source link leads nowhere. */
  source: boolean
  builds: DkmsBuild[]
}

/**
 * dkms's version as semver, of what it says. `dkms-3.2.2` and `dkms: 2.8.8` both occur, and
 * Debian 11's 2.8.4 says no more than `dkms:2.8`.
 */
export const parseDkmsVersion = (answer: string): string | undefined =>
  semver.coerce(answer)?.version

/** Undefined where there is no dkms. */
export async function dkmsVersion(): Promise<string | undefined> {
  const answer = await ask(['dkms', '--version'])
  return answer && parseDkmsVersion(answer)
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** What an installed kernel's link `kernel-RELEASE-ARCH` leads to, which is what dkms itself goes by. */
function installedAs(folder: string, release: string, architecture: string): string | undefined {
  try {
    return realpathSync(join(folder, `kernel-${release}-${architecture}`))
  } catch {
    return undefined
  }
}

function readVersion(folder: string, version: string): DkmsVersion {
  const at = join(folder, version)
  const builds = entries(at)
    .filter((release) => release !== 'build' && release !== 'source' && isFolder(join(at, release)))
    .flatMap((release) =>
      entries(join(at, release)).map((architecture): DkmsBuild => {
        const target = installedAs(folder, release, architecture)
        const installed =
          target !== undefined && target === realpathSync(join(at, release, architecture))
        return { release, architecture, state: installed ? 'installed' : 'built' }
      }),
    )
  return { version, source: existsSync(join(at, 'source')), builds }
}

/**
 * A package's entries in the dkms tree, read from the tree itself: it has looked the same from
 * dkms 2.8.4 to 3.4, while what `dkms status` prints has not.
 */
export function readDkms(name: string, root = ''): DkmsVersion[] {
  const folder = join(root, dkmsTree, name)
  return entries(folder)
    .filter((version) => isFolder(join(folder, version)) && version !== 'original_module')
    .map((version) => readVersion(folder, version))
}

/** Which package a source tree says it is of; undefined where it does not. */
function packageOf(folder: string): string | undefined {
  const conf = join(folder, 'dkms.conf')
  const text = existsSync(conf) ? readFileSync(conf, 'utf8') : ''
  return /^\s*PACKAGE_NAME=["']?([^"'\s$]+)/m.exec(text)?.[1]
}

/** Source trees of a package in any version, also of one that dkms does not know: hello-2-1.0 may be of hello-2. */
export function sourceFolders(name: string, root = ''): string[] {
  return entries(join(root, '/usr/src'))
    .filter((entry) => entry.startsWith(`${name}-`))
    .map((entry) => `/usr/src/${entry}`)
    .filter((folder) => {
      const said = packageOf(join(root, folder))
      return said ? said === name : /^v?\d/.test(folder.slice(`/usr/src/${name}-`.length))
    })
}

/** Entries of any package whose source is gone; one of them makes every later build fail. */
export function danglingEntries(root = ''): string[] {
  const tree = join(root, dkmsTree)
  return entries(tree)
    .filter((name) => isFolder(join(tree, name)))
    .flatMap((name) =>
      entries(join(tree, name))
        .map((version) => join(dkmsTree, name, version))
        .filter((entry) => isFolder(join(root, entry)) && !entry.endsWith('/original_module'))
        .filter((entry) => !existsSync(join(root, entry, 'source'))),
    )
}

/** Another package of dkms's that builds modules of these names. */
export interface Rival {
  name: string
  version: string
  /** Kernels that it has built for. */
  releases: string[]
}

/** Who else has modules of these names in dkms's hands: only one of the two can be a kernel's. */
export function findRivals(own: string, modules: string[], root = ''): Rival[] {
  const tree = join(root, dkmsTree)
  const names = new Set(modules.map((name) => name.replaceAll('-', '_')))
  const isOne = (file: string) => names.has(file.replace(/\.ko(\..*)?$/, '').replaceAll('-', '_'))
  return entries(tree)
    .filter((name) => name !== own && isFolder(join(tree, name)))
    .flatMap((name) =>
      readDkms(name, root).flatMap(({ version, builds }) => {
        const releases = builds
          .filter(({ release, architecture }) =>
            entries(join(tree, name, version, release, architecture, 'module')).some(isOne),
          )
          .map(({ release }) => release)
        return releases.length > 0 ? [{ name, version, releases }] : []
      }),
    )
}
