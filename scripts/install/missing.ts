import { defaultSelection, headersFor, meantKernel } from '../build/select.ts'
import type { Project } from '../manifest/manifest.ts'
import { which } from '../run/exec.ts'
import type { Failure } from '../run/failure.ts'
import { compilerPackages, compilerProblem } from '../system/compiler.ts'
import { insideContainer } from '../system/container.ts'
import type { SystemFacts } from '../system/facts.ts'
import { findCompiler } from '../system/find-compiler.ts'
import { type Kernel, machine } from '../system/kernels.ts'
import { findHeaders, headersFailure, kernelsWith } from './find-headers.ts'
import { missingNeeds } from './needs.ts'

/** Packages to install, and why. */
export interface Missing {
  packages: string[]
  /** Packages that are there, and whose files are not. */
  again: string[]
  /** One sentence each, for people. */
  reasons: string[]
  /** Kernels that come along with the packages. */
  kernels: string[]
  /** Why installing will not help, unless newer package lists know better. */
  hopeless?: Failure
}

interface Requirement {
  packages: string[]
  again?: string[]
  hopeless?: Failure
  reason: string
}

async function tools(
  project: Project,
  facts: SystemFacts,
  kernel: Kernel | undefined,
): Promise<Requirement[]> {
  const { distribution } = facts
  if (!distribution) return []
  const missing: Requirement[] = []
  const needs = await missingNeeds(project, facts)
  if (needs.length > 0)
    missing.push({ packages: needs, reason: `the build needs ${needs.join(', ')}` })
  if (!which('dkms')) missing.push({ packages: distribution.dkms, reason: 'dkms is not installed' })
  if (!which('make') || !which('modinfo'))
    missing.push({ packages: distribution.toolchain, reason: 'gcc, make or kmod is missing' })
  if (kernel?.headers.state !== 'ok') return missing
  const { manager, toolchain } = distribution
  const compiler = await findCompiler(kernel.headers)
  const problem = compiler
    ? compilerProblem(compiler, kernel)
    : `kernel ${kernel.release} wants ${kernel.headers.compiler ?? 'gcc'}`
  if (problem)
    missing.push({
      packages: compilerPackages(kernel.headers, manager, toolchain),
      reason: problem.replace(/\.$/, ''),
    })
  return missing
}

async function needHeaders(facts: SystemFacts, kernel: Kernel): Promise<Requirement> {
  const source = await findHeaders(facts, kernel)
  const reason = `kernel ${kernel.release} has no headers that can be built with`
  if (source.kind === 'reinstall') return { packages: [], again: source.packages, reason }
  if (source.kind !== 'install') {
    const failure = await headersFailure(facts, kernel)
    return { packages: [], reason, ...(failure && { hopeless: failure }) }
  }
  // What brings the next kernel's headers, unless it brings that kernel now.
  const manager = facts.distribution?.manager ?? 'apt'
  const follows = headersFor(facts, kernel.release)?.metapackage
  const both = [...new Set([...source.packages, ...(follows ? [follows] : [])])]
  const [more, fewer] = await Promise.all([
    kernelsWith(manager, both),
    kernelsWith(manager, source.packages),
  ])
  return { packages: more.length > fewer.length ? source.packages : both, reason }
}

async function headers(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
): Promise<Requirement[]> {
  const { distribution, running } = facts
  if (!distribution) return []
  const lacking = named.filter((kernel) => kernel.headers.state !== 'ok')
  if (named.length > 0) return Promise.all(lacking.map((kernel) => needHeaders(facts, kernel)))
  if (running.headers.state === 'ok') return []
  const other = defaultSelection(project, facts)
  const own = meantKernel(facts)
  if (own.headers.state === 'ok') return []
  const need = await needHeaders(facts, own)
  if (!need.hopeless) return [need]
  if (other) return []
  const fallback = distribution.defaultHeaders[machine()]
  if (running.installed || !fallback || !insideContainer()) return [need]
  return [
    {
      packages: [fallback],
      reason: `kernel ${running.release} is not of this container; ${distribution.name}'s own is taken`,
    },
  ]
}

/** What has to be installed before modules can be built and installed by dkms. */
export async function findMissing(
  project: Project,
  facts: SystemFacts,
  named: Kernel[],
): Promise<Missing> {
  const kernel = named[0] ?? defaultSelection(project, facts)?.kernels[0]
  const all = [...(await tools(project, facts, kernel)), ...(await headers(project, facts, named))]
  const packages = [...new Set(all.flatMap((need) => need.packages))]
  const kernels = await kernelsWith(facts.distribution?.manager ?? 'apt', packages)
  const hopeless = all.find((need) => need.hopeless)?.hopeless
  return {
    packages,
    again: [...new Set(all.flatMap((need) => need.again ?? []))],
    reasons: all.map((need) => need.reason),
    kernels,
    ...(hopeless && { hopeless }),
  }
}

/** Nothing is missing, as far as can be told. */
export const isEmpty = ({ packages, again, hopeless }: Missing): boolean =>
  packages.length + again.length === 0 && !hopeless
