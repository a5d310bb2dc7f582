import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { which } from '../run/exec.ts'
import { insideContainer } from '../system/container.ts'
import { installedKernels, type Kernel, runningRelease } from '../system/kernels.ts'
import { findModules } from '../system/modules.ts'

/** What decides which kernel is to be booted, and how. */
export interface BootFacts {
  running: string
  /** Kernels that have the modules, the newest last. */
  ready: string[]
  /** The kernel that a boot takes if nobody says otherwise. */
  newest: string | undefined
  container: boolean
  /** Programs that set the next boot's kernel, of those that are here. */
  grubby: boolean
}

/** Why nothing is loaded although it is installed, and the command that changes it. */
export function bootAdvice(facts: BootFacts): { message: string; mend?: string } | undefined {
  const { running, ready, newest, container, grubby } = facts
  const target = ready.at(-1)
  if (!target || ready.includes(running)) return undefined
  const message = `Kernel ${running} runs, and the modules are for ${ready.join(', ')}.`
  if (container)
    return { message: `${message} This is a container: they are of use where ${target} runs.` }
  if (newest !== undefined && ready.includes(newest))
    return { message: `${message} The next boot takes ${newest}.`, mend: 'reboot' }
  if (grubby)
    return {
      message: `${message} Boot ${target}.`,
      mend: `grubby --set-default /boot/vmlinuz-${target} && reboot`,
    }
  return { message: `${message} Reboot, and choose ${target} in the boot menu.`, mend: 'reboot' }
}

/** Kernels that have all of the modules, the newest last. */
export function readyKernels(project: Project): string[] {
  const isReady = (kernel: Kernel) => {
    const names = fileNames(forKernel(project, kernel))
    return names.length > 0 && findModules(kernel.release, names).length >= names.length
  }
  return installedKernels()
    .filter(isReady)
    .map(({ release }) => release)
}

/** The same, of this system. */
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
