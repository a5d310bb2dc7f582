import { Failure } from './failure.ts'

const controller = new AbortController()

/** Aborted by the first Ctrl-C; those that follow change nothing. */
export const interruption: AbortSignal = controller.signal

/** From here on Ctrl-C ends what is running, and the run is undone instead of torn off. */
export function handleInterrupts(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
    process.on(signal, () => controller.abort())
}

export const interrupted = (): Failure => new Failure('interrupted', 'Interrupted.')

/** The same, once all is as it was before. */
export const undone = (): Failure =>
  new Failure('interrupted', 'Interrupted, and undone; packages of the distribution stay.')

export function throwIfInterrupted(): void {
  if (interruption.aborted) throw interrupted()
}
