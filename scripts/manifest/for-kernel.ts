import semver from 'semver'
import { hasOption } from '../system/kernel-config.ts'
import { type Kernel, machine, sameArchitecture } from '../system/kernels.ts'
import type { Project, SomeKernels } from './manifest.ts'

type About = Pick<Kernel, 'version'> & { headers: Pick<Kernel['headers'], 'options'> }

/** Whether a kernel is one of those. What cannot be read of its options is as it should be. */
function isOf(
  { range, options = [], architectures }: SomeKernels,
  { version, headers }: About,
  architecture: string,
): boolean {
  if (range && !semver.satisfies(version, range)) return false
  if (architectures?.some((one) => sameArchitecture(one, architecture)) === false) return false
  return headers.options.size === 0 || options.every((name) => hasOption(headers, name))
}

/** A project with what of it is for a kernel: modules, and how they are built; dkms.conf says the same. */
export function forKernel(project: Project, kernel: About, architecture = machine()): Project {
  const fits = ({ kernel: some = {} }: { kernel?: SomeKernels }) => isOf(some, kernel, architecture)
  return {
    ...project,
    modules: project.modules.filter(fits),
    make: project.make
      .filter(fits)
      .map(({ also, ...make }) => (also ? { ...make, also: also.filter(fits) } : make)),
  }
}
