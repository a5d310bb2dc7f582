import semver from 'semver'
import type { Distribution, Flavour, PackageManager } from '../manifest/manifest.ts'

export type { Distribution, PackageManager } from '../manifest/manifest.ts'

/** The fields of /etc/os-release that matter here. */
export interface OsRelease {
  id: string
  idLike: string[]
  versionId: string
  /** UBUNTU_CODENAME, which those that are made of Ubuntu have, too; '' elsewhere. */
  codename: string
  prettyName: string
}

/** Parses os-release(5): shell-like assignments, quotes optional. */
export function parseOsRelease(text: string): OsRelease {
  const field = (name: string) => new RegExp(`^${name}=(["']?)(.*)\\1$`, 'm').exec(text)?.[2] ?? ''
  return {
    id: field('ID'),
    idLike: field('ID_LIKE').split(' ').filter(Boolean),
    versionId: field('VERSION_ID'),
    codename: field('UBUNTU_CODENAME'),
    prettyName: field('PRETTY_NAME') || field('ID') || 'this system',
  }
}

/** The entry for a system: by its own id first, then by what it says it is like. */
export function findDistribution(
  distributions: Distribution[],
  os: OsRelease,
): Distribution | undefined {
  for (const id of [os.id, ...os.idLike]) {
    const found = distributions.find((d) => d.ids.includes(id))
    if (found) return found
  }
  return undefined
}

/** A flavour's packages for one kernel. */
export interface HeaderPackages {
  flavour: string
  headers: string
  metapackage: string
}

function series(version: string): string {
  return semver.coerce(version)?.version ?? '0.0.0'
}

function ofSeries(flavour: Flavour, release: string, versionId: string): boolean {
  if (!flavour.newerThan) return true
  const base = flavour.newerThan[versionId]
  const kernel = semver.coerce(release)
  return (
    base !== undefined &&
    kernel !== null &&
    semver.gt(`${kernel.major}.${kernel.minor}.0`, series(base))
  )
}

function splitRelease(release: string): { major?: string; minor?: string } {
  return /^(?<major>\d+)\.(?<minor>\d+)/.exec(release)?.groups ?? {}
}

/** The packages that bring headers for a kernel release; undefined for a kernel not of this distribution. */
export function headerPackages(
  distribution: Distribution,
  os: OsRelease,
  release: string,
): HeaderPackages | undefined {
  const versionId = distribution.codenames?.[os.codename] ?? os.versionId
  for (const flavour of distribution.flavours) {
    const match = new RegExp(flavour.pattern).exec(release)
    if (!match || !ofSeries(flavour, release, versionId)) continue
    const values: Record<string, string> = {
      release,
      base: release.slice(0, match.index),
      flavour: match[1] ?? '',
      version_id: versionId,
      ...splitRelease(release),
    }
    const fill = (template: string) =>
      template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
    return {
      flavour: flavour.name,
      headers: fill(flavour.headers),
      metapackage: fill(flavour.metapackage),
    }
  }
  return undefined
}

interface ManagerCommands {
  refresh?: string[]
  /** Brings everything up to date, where no single package may be. */
  upgrade?: string[]
  install: string[]
  /** Puts the files of an installed package where they were. */
  reinstall: string[]
  /** Exits with 0 if the package is installed; dpkg has to say so as well. */
  installed: string[]
  /** Exits with 0 if the package can be had. */
  available: string[]
  remove: string[]
}

/** How each package manager is asked; package names follow. */
export const managers: Record<PackageManager, ManagerCommands> = {
  apt: {
    refresh: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y', '-q', '--no-install-recommends'],
    reinstall: ['apt-get', 'install', '--reinstall'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own.
    installed: ['dpkg-query', '-W', '-f', '${db:Status-Status}'],
    available: ['apt-cache', 'show', '--no-all-versions', '-q'],
    remove: ['apt-get', 'remove'],
  },
  dnf: {
    install: ['dnf', 'install', '-y'],
    reinstall: ['dnf', 'reinstall'],
    installed: ['rpm', '-q'],
    available: ['dnf', '-q', 'info'],
    remove: ['dnf', 'remove'],
  },
  zypper: {
    refresh: ['zypper', '--non-interactive', 'refresh'],
    install: ['zypper', '--non-interactive', 'install', '--no-recommends'],
    reinstall: ['zypper', 'install', '--force'],
    installed: ['rpm', '-q'],
    available: ['zypper', '--non-interactive', 'search', '--match-exact'],
    remove: ['zypper', 'remove'],
  },
  // No refresh: -Sy and then -S is a partial upgrade, which Arch does not support.
  pacman: {
    upgrade: ['pacman', '-Syu'],
    install: ['pacman', '-S', '--noconfirm', '--needed'],
    reinstall: ['pacman', '-S'],
    installed: ['pacman', '-Q'],
    available: ['pacman', '-Si'],
    remove: ['pacman', '-R'],
  },
  apk: {
    refresh: ['apk', 'update'],
    install: ['apk', 'add'],
    reinstall: ['apk', 'fix'],
    installed: ['apk', 'info', '-e'],
    available: ['apk', 'policy'],
    remove: ['apk', 'del'],
  },
  xbps: {
    upgrade: ['xbps-install', '-Su'],
    refresh: ['xbps-install', '-S'],
    install: ['xbps-install', '-y'],
    reinstall: ['xbps-install', '-f'],
    installed: ['xbps-query'],
    available: ['xbps-query', '-R'],
    remove: ['xbps-remove'],
  },
}

/** The words of a command with which a package manager asks nobody; its install has them. */
export function unasked(manager: PackageManager, [program = '', ...words]: string[]): string[] {
  const agreed: Record<PackageManager, string[]> = {
    apt: ['-y', '-q'],
    dnf: ['-y'],
    zypper: [],
    pacman: ['--noconfirm'],
    apk: [],
    xbps: ['-y'],
  }
  const before = manager === 'zypper' ? ['--non-interactive'] : []
  return [program, ...before, ...words, ...agreed[manager]]
}

/** The one command that a person types to install packages; no quoting is needed by their pattern. */
export function installCommand(manager: PackageManager, packages: string[]): string {
  const words = managers[manager].install.filter((w) => !['-y', '-q', '--noconfirm'].includes(w))
  return [...words.filter((w) => !w.startsWith('--n')), ...packages].join(' ')
}
