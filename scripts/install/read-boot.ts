import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { which } from '../run/exec.ts'
import { insideContainer } from '../system/container.ts'
import { installedKernels, type Kernel, runningRelease } from '../system/kernels.ts'
import { findModules } from '../system/modules.ts'
import { bootAdvice } from './boot.ts'

/** Kernels that have all of the modules, the newest last. */
export function readyKernels(project: Project): string[] {
  const isReady = (kernel: Kernel) => {
    const names = fileNames(forKernel(project, kernel))
    return names.length > 0 && names.every((name) => findModules(kernel.release, [name]).length > 0)
  }
  return installedKernels()
    .filter(isReady)
    .map(({ release }) => release)
}

/** Why nothing is loaded on this system although it is installed. */
export function adviseBoot(project: Project): ReturnType<typeof bootAdvice> {
  return bootAdvice({
    running: runningRelease(),
    ready: readyKernels(project),
    // A folder that only left-over modules are in is not booted.
    newest: installedKernels()
      .filter((kernel) => kernel.bootable)
      .at(-1)?.release,
    container: insideContainer(),
    grubby: which('grubby') !== undefined,
  })
}
