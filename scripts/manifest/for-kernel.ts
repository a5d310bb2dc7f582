import semver from 'semver'
import { hasOption } from '../system/kernel-config.ts'
import type { Kernel } from '../system/kernels.ts'
import type { Module, Project } from './manifest.ts'

type About = Pick<Kernel, 'version'> & { headers: Pick<Kernel['headers'], 'options'> }

/** Whether a module is one that a kernel gets. What cannot be read of its options is as it should be. */
function isFor({ kernel: { range, options = [] } = {} }: Module, { version, headers }: About) {
  if (range && !semver.satisfies(version, range)) return false
  return headers.options.size === 0 || options.every((name) => hasOption(headers, name))
}

/** A project with those of its modules that are built for a kernel; dkms.conf says the same. */
export const forKernel = (project: Project, kernel: About): Project => ({
  ...project,
  modules: project.modules.filter((module) => isFor(module, kernel)),
})
