import {
  type Distribution,
  findDistribution,
  installCommand,
  type OsRelease,
} from '../install/packages.ts'
import type { Project } from '../manifest/manifest.ts'
import { describeKernel, installedKernels, type Kernel, runningRelease } from './kernels.ts'
import { readOsRelease } from './machine.ts'

/** What is known of this system before anything is run. */
export interface SystemFacts {
  os: OsRelease
  /** The manifest's entry for this system; undefined for one that it does not know. */
  distribution: Distribution | undefined
  running: Kernel
  /** All installed ones, the newest last. */
  kernels: Kernel[]
  /** The command by which a person installs packages here; undefined where nobody knows. */
  installCommand: (packages: string[]) => string | undefined
  /** Where nobody knows it: a sentence that says what is needed. */
  byHand: (packages: string[]) => string
}

export function readFacts(project: Project): SystemFacts {
  const os = readOsRelease()
  const distribution = findDistribution(project.distributions, os)
  return {
    os,
    distribution,
    running: describeKernel(runningRelease()),
    kernels: installedKernels(),
    installCommand: (packages) => distribution && installCommand(distribution.manager, packages),
    byHand: (packages) =>
      distribution
        ? ''
        : ` How ${os.prettyName} calls it is not known here: look for ${packages.join(', ')}.`,
  }
}
