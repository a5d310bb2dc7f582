import { ask } from '../run/exec.ts'
import type { Failure } from '../run/failure.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { findKernelPackage } from '../system/ownership.ts'
import {
  chooseHeaders,
  type HeadersSource,
  headersNames,
  headersProblem,
  kernelsIn,
  offeredIn,
  type PackageState,
  reinstallSet,
} from './headers.ts'
import { headerPackages, managers, type PackageManager } from './packages.ts'

export async function isInstalled(manager: PackageManager, name: string): Promise<boolean> {
  const answer = await ask([...managers[manager].installed, name])
  return manager === 'apt' ? answer === 'installed' : answer !== undefined
}

async function offeredVersion(manager: PackageManager, name: string): Promise<string | undefined> {
  const answer = await ask([...managers[manager].available, name])
  return answer === undefined ? undefined : offeredIn(manager, answer)
}

/** Where a kernel's own headers come from: asked of who owns the kernel before it is guessed. */
export async function findHeaders(facts: SystemFacts, { release }: Kernel): Promise<HeadersSource> {
  const { distribution, os } = facts
  const owner = await findKernelPackage(release)
  const manager = owner?.manager ?? distribution?.manager
  if (!manager) return { kind: 'none' }
  const guessed = distribution && headerPackages(distribution, os, release)?.headers
  const names = headersNames(release, manager, owner, guessed)
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

/** What is wrong with a kernel's headers, and what mends it here; undefined where they are fine. */
export async function headersFailure(
  facts: SystemFacts,
  kernel: Kernel,
): Promise<Failure | undefined> {
  if (kernel.headers.state === 'ok') return undefined
  return headersProblem(kernel, facts.distribution?.manager, await findHeaders(facts, kernel))
}

/** Kernels that would come along with packages: Debian's headers depend on their kernel. */
export async function kernelsWith(manager: PackageManager, packages: string[]): Promise<string[]> {
  if (manager !== 'apt' || packages.length === 0) return []
  const words = managers.apt.install.filter((word) => word !== '-y')
  return kernelsIn((await ask([...words, '--simulate', ...packages])) ?? '')
}
