import semver from 'semver'
import { headersFailure } from '../install/find-headers.ts'
import { type HeaderPackages, headerPackages } from '../install/packages.ts'
import type { Project } from '../manifest/manifest.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import type { SystemFacts } from '../system/facts.ts'
import { type Kernel, readKernel } from '../system/kernels.ts'

/** Throws where no build for this kernel can succeed, whatever is installed. */
export function checkRange(project: Project, kernel: Kernel): void {
  if (!semver.satisfies(kernel.version, project.kernel.range))
    throw new Failure(
      'kernel',
      `Kernel ${kernel.release} is outside ${project.kernel.range}, which ${project.package.name} is for.`,
      { mend: 'ls /lib/modules' },
    )
}

/** The command that brings a kernel's headers on this distribution, if it is one of its kernels. */
export function headersFor(facts: SystemFacts, release: string): HeaderPackages | undefined {
  return facts.distribution && headerPackages(facts.distribution, facts.os, release)
}

/** A kernel that was named: it must exist and be in range. */
export function namedKernel(project: Project, release: string): Kernel {
  const kernel = readKernel(release)
  checkRange(project, kernel)
  if (!kernel.installed)
    throw new Failure('kernel', `Kernel ${release} is not installed.`, { mend: 'ls /lib/modules' })
  return kernel
}

export interface KernelOptions {
  kernel?: string[]
  allKernels?: boolean
}

/** The kernels that were asked for, or none where it was left to us. */
export function requestedKernels(
  project: Project,
  facts: SystemFacts,
  options: KernelOptions,
): Kernel[] {
  if (options.kernel?.length)
    return [...new Set(options.kernel)].map((release) => namedKernel(project, release))
  if (!options.allKernels) return []
  const all = facts.kernels.filter(
    (k) => k.headers.state === 'ok' && semver.satisfies(k.version, project.kernel.range),
  )
  if (all.length === 0)
    throw new Failure('headers', 'No installed kernel has headers.', {
      mend: 'ls -l /lib/modules/*/build',
    })
  return all
}

/** The kernel that is meant where none was named: the running one, or where that is a host's the newest. */
export const meantKernel = ({ running, kernels }: SystemFacts): Kernel =>
  running.installed ? running : (kernels.at(-1) ?? running)

export interface Selection {
  kernels: Kernel[]
  /** Why it is not the running kernel, as a sentence. */
  note?: string
}

/**
 * The kernel to take where none was named: the running one; or, where that has no headers, as in a
 * container, the newest that has. Undefined where there is none at all.
 */
export function defaultSelection(project: Project, facts: SystemFacts): Selection | undefined {
  if (facts.running.headers.state === 'ok') return { kernels: [facts.running] }
  const newest = facts.kernels
    .filter((k) => k.headers.state === 'ok' && semver.satisfies(k.version, project.kernel.range))
    .at(-1)
  if (!newest) return undefined
  return {
    kernels: [newest],
    note: `The running kernel ${facts.running.release} has no headers here; taking ${newest.release}.`,
  }
}

/** The kernels to work for: those that were named, or the usual one; throws where there is none. */
export async function chooseKernels(
  project: Project,
  facts: SystemFacts,
  options: KernelOptions,
  output: Output,
): Promise<Kernel[]> {
  const named = requestedKernels(project, facts, options)
  if (named.length > 0) return named
  const selection = defaultSelection(project, facts)
  if (!selection) throw await headersFailure(facts, meantKernel(facts))
  for (const kernel of selection.kernels) checkRange(project, kernel)
  if (selection.note) output.tell(selection.note)
  return selection.kernels
}
