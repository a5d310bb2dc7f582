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
