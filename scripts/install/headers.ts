import { ask } from '../run/exec.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { findKernelPackage, type Owner } from '../system/ownership.ts'
import { headerPackages, installCommand, managers, type PackageManager } from './packages.ts'

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

export async function isInstalled(manager: PackageManager, name: string): Promise<boolean> {
  const answer = await ask([...managers[manager].installed, name])
  return manager === 'apt' ? answer === 'installed' : answer !== undefined
}

/** The version of a package that can be had: a word for those whose kernels move on in place. */
async function offeredVersion(manager: PackageManager, name: string): Promise<string | undefined> {
  const answer = await ask([...managers[manager].available, name])
  if (answer === undefined) return undefined
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

/** Where a kernel's own headers come from: asked of who owns the kernel before it is guessed. */
export async function findHeaders(facts: SystemFacts, { release }: Kernel): Promise<HeadersSource> {
  const { distribution, os } = facts
  const owner = await findKernelPackage(release)
  const manager = owner?.manager ?? distribution?.manager
  if (!manager) return { kind: 'none' }
  const guessed = distribution && headerPackages(distribution, os, release)?.headers
  const names = [
    ...new Set(
      [
        owner && headersOfImage(owner),
        guessed,
        ...(manager === 'apt' ? [`linux-headers-${release}`] : []),
      ].filter((name) => name !== undefined),
    ),
  ]
  const states = new Map<string, PackageState>()
  for (const name of names) {
    const offered = await offeredVersion(manager, name)
    states.set(name, {
      installed: await isInstalled(manager, name),
      ...(offered !== undefined && { offered }),
    })
  }
  const own = manager === 'pacman' || manager === 'xbps' ? owner?.version : undefined
  const source = chooseHeaders(names, (name) => states.get(name) ?? { installed: false }, own)
  if (source.kind === 'reinstall' && manager === 'apt') {
    const [name = ''] = source.packages
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own.
    const depends = await ask(['dpkg-query', '-W', '-f', '${Depends}', name])
    return { kind: 'reinstall', packages: reinstallSet(name, depends ?? '') }
  }
  // Before the lists were ever fetched nothing can be had; then what is usual is named.
  if (source.kind === 'none' && guessed && !(await knowsPackages(facts)))
    return { kind: 'install', packages: [guessed], refresh: true }
  return source
}

/** Whether the package lists are there at all: dpkg's own list of what is installed is none. */
async function knowsPackages({ distribution }: SystemFacts): Promise<boolean> {
  const [any] = distribution?.toolchain ?? []
  if (!distribution || !any) return false
  if (distribution.manager === 'apt') return Boolean(await ask(['apt-cache', 'madison', any]))
  return (await offeredVersion(distribution.manager, any)) !== undefined
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

/** Kernels that would come along with packages: Debian's headers depend on their kernel. */
export async function kernelsWith(manager: PackageManager, packages: string[]): Promise<string[]> {
  if (manager !== 'apt' || packages.length === 0) return []
  const words = managers.apt.install.filter((word) => word !== '-y')
  return kernelsIn((await ask([...words, '--simulate', ...packages])) ?? '')
}
