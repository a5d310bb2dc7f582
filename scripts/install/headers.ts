import { Failure } from '../run/failure.ts'
import type { Kernel } from '../system/kernels.ts'
import type { Owner } from '../system/ownership.ts'
import { installCommand, managers, type PackageManager } from './packages.ts'

/** What brings a kernel's headers, or why nothing does. */
export type HeadersSource =
  /** `refresh` where the package lists were never fetched. */
  | { kind: 'install'; packages: string[]; refresh?: true }
  /** The package is there, and its files are not. */
  | { kind: 'reinstall'; packages: string[] }
  /** The repository has gone on: only newer headers are to be had, which are another kernel's. */
  | { kind: 'upgrade'; packages: string[]; offered: string }
  | { kind: 'none' }

/** The headers' package by the name of the kernel's: undefined where that is no kernel's. */
export function headersOfImage({ package: image, manager, version }: Owner): string | undefined {
  switch (manager) {
    case 'apt': {
      const own = /^(?:linux-(?:image|modules)-(?:unsigned-)?|(proxmox|pve)-kernel-)(\d.*)$/.exec(
        image,
      )
      const release = own?.[2]?.replace(/-(?:unsigned|signed)$/, '')
      return release && `${own?.[1] ?? 'linux'}-headers-${release}`
    }
    case 'dnf':
    case 'zypper':
      return /^kernel/.test(image)
        ? `${image.replace(/-(?:core|modules|modules-core|base)$/, '')}-devel${version ? `-${version}` : ''}`
        : undefined
    case 'apk':
      return /^linux-/.test(image) ? `${image}-dev` : undefined
    default:
      return /^linux/.test(image) ? `${image}-headers` : undefined
  }
}

/** What headers may be called, the likeliest first: by who owns the kernel, before it is guessed. */
export function headersNames(
  release: string,
  manager: PackageManager,
  owner: Owner | undefined,
  guessed: string | undefined,
): string[] {
  const names = [
    owner && headersOfImage(owner),
    guessed,
    ...(manager === 'apt' ? [`linux-headers-${release}`] : []),
  ]
  return [...new Set(names.filter((name) => name !== undefined))]
}

/** What a package manager knows of a package. */
export interface PackageState {
  installed: boolean
  /** The version that can be had; '' where one can and its version does not matter. */
  offered?: string
}

/**
 * Chooses between the names that headers may have, the likeliest first. `version` is the kernel
 * package's own, where headers of another version would be another kernel's.
 */
export function chooseHeaders(
  names: string[],
  state: (name: string) => PackageState,
  version?: string,
): HeadersSource {
  const found = names.find((name) => state(name).installed)
  if (found) return { kind: 'reinstall', packages: [found] }
  const offer = names.find((name) => state(name).offered !== undefined)
  if (!offer) return { kind: 'none' }
  const offered = state(offer).offered as string
  return version && offered && offered !== version
    ? { kind: 'upgrade', packages: [offer], offered }
    : { kind: 'install', packages: [offer] }
}

/**
 * The version that can be had, by what a package manager says of a package: '' from those whose
 * kernels do not move on in place, undefined where there is none.
 */
export function offeredIn(manager: PackageManager, answer: string): string | undefined {
  if (manager === 'pacman') return /^Version\s*:\s*(\S+)/m.exec(answer)?.[1] ?? ''
  if (manager === 'xbps') return /^pkgver: .*-(\d\S*)$/m.exec(answer)?.[1] ?? ''
  if (manager === 'apk') return answer.includes(':') ? '' : undefined
  return ''
}

/** Debian's headers are in three packages, Ubuntu's in two: what was deleted may be of any. */
export function reinstallSet(headers: string, depends: string): string[] {
  const others = depends
    .split(/[,|]/)
    .map((word) => word.trim().split(/[ (:]/)[0] ?? '')
    .filter((name) => /^(?:linux|proxmox|pve)-(?:headers|kbuild)-|^linux-.*-headers-/.test(name))
  return [...new Set([headers, ...others])]
}

/** The one command that brings headers, as a person types it. */
export function headersCommand(manager: PackageManager, source: HeadersSource): string | undefined {
  const { refresh, upgrade, reinstall } = managers[manager]
  switch (source.kind) {
    case 'install':
      return [
        ...(source.refresh && refresh ? [...refresh, '&&'] : []),
        installCommand(manager, source.packages),
      ].join(' ')
    case 'reinstall':
      return [...reinstall, ...source.packages].join(' ')
    case 'upgrade':
      return [...(upgrade ?? []), ...source.packages, '&&', 'reboot'].join(' ')
    case 'none':
      return undefined
  }
}

/** The kernels in what `apt-get --simulate install` would install. */
export function kernelsIn(simulation: string): string[] {
  return [
    ...simulation.matchAll(/^Inst ((?:linux-image|proxmox-kernel|pve-kernel)-\S*\d\S*)/gm),
  ].map((match) => match[1] as string)
}

const problems: Record<Exclude<Kernel['headers']['state'], 'ok'>, (k: Kernel) => string> = {
  absent: (k) => `Kernel ${k.release} has no headers.`,
  dangling: (k) => `/lib/modules/${k.release}/build leads nowhere: the headers were removed.`,
  incomplete: (k) => `${k.headers.folder} lacks ${k.headers.missing.join(', ')}.`,
  mismatch: (k) =>
    `/lib/modules/${k.release}/build leads to the headers of ${k.headers.utsRelease ?? k.headers.release}.`,
  stale: (k) =>
    `${k.headers.folder}/include/generated/utsrelease.h is of kernel ${k.headers.utsRelease}: modules would be taken for that one's.`,
  foreign: (k) =>
    `${k.headers.folder} was configured for ${k.headers.architecture}, not for this machine.`,
}

function sourceProblem({ release }: Kernel, source: HeadersSource): string {
  if (source.kind === 'upgrade')
    return ` Those that can be had are of ${source.offered}, another kernel: it has to run first.`
  if (source.kind === 'none')
    return ` No package has them: who built it has, and /lib/modules/${release}/build has to lead there.`
  return ''
}

/** What is wrong with a kernel's headers, and what mends it; undefined where they are fine. */
export function headersProblem(
  kernel: Kernel,
  manager: PackageManager | undefined,
  source: HeadersSource,
): Failure | undefined {
  const { state } = kernel.headers
  if (state === 'ok') return undefined
  return new Failure('headers', `${problems[state](kernel)}${sourceProblem(kernel, source)}`, {
    mend:
      (manager && headersCommand(manager, source)) ?? `ls -l /lib/modules/${kernel.release}/build`,
  })
}
