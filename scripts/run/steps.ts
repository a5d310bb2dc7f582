import { Listr, ListrLogLevels } from 'listr2'
import { outOfSpace } from '../build/hints.ts'
import { type Command, exec, type Result, show, stopRunning } from './exec.ts'
import { Failure, type FailureKind } from './failure.ts'
import type { Output } from './output.ts'

/** One thing to do: commands in order, or an action where no command says it. */
export interface Step {
  title: string
  commands?: readonly Command[]
  action?: () => Promise<void>
  /** What a failure of this step is called. */
  kind: FailureKind
  /** Turns a failed command into a better sentence; undefined keeps the plain one. */
  explain?: (command: Command, result: Result) => Failure | undefined
}

let interrupted = false

/** From here on Ctrl-C ends what is running, and the run is undone instead of torn off. */
export function handleInterrupts(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // Once: what runs after that is the undoing, which impatience must not end.
      if (!interrupted) stopRunning()
      interrupted = true
    })
}

export function throwIfInterrupted(): void {
  if (interrupted)
    throw new Failure(
      'interrupted',
      'Interrupted; undone, but for packages that were being installed.',
    )
}

/** What a failed command is reported as where nobody knows better. */
export function commandFailure(kind: FailureKind, command: Command, result: Result): Failure {
  const output = `${result.stdout}${result.stderr}`.trim().split('\n').slice(-15)
  if (outOfSpace(output.join('\n')))
    return new Failure('space', 'There is no space left on the device.', {
      details: output,
      mend: 'df -h /usr/src /var/lib/dkms /lib/modules',
    })
  return new Failure(kind, `${show(command)} failed with status ${result.status}.`, {
    details: output,
  })
}

async function runStep(step: Step, onOutput: (text: string) => void): Promise<void> {
  for (const command of step.commands ?? []) {
    throwIfInterrupted()
    onOutput(`$ ${show(command)}`)
    const result = await exec(command, { onOutput })
    throwIfInterrupted()
    if (result.status !== 0 && !command.optional)
      throw step.explain?.(command, result) ?? commandFailure(step.kind, command, result)
  }
  await step.action?.()
  throwIfInterrupted()
}

/** Marks that any console has. */
function plainMarks(output: Output): object {
  const { STARTED, COMPLETED, FAILED } = ListrLogLevels
  return output.renderer === 'simple'
    ? { icon: { [STARTED]: '...', [COMPLETED]: 'ok ', [FAILED]: 'NO ' } }
    : {}
}

/** Runs steps in order as a task list, or side by side. Throws the first Failure. */
export async function runSteps(
  steps: readonly Step[],
  output: Output,
  concurrent: number | false = false,
): Promise<void> {
  const tasks = steps.map((step) => ({
    title: step.title,
    task: (_: unknown, task: { output: string }) =>
      runStep(step, (text) => {
        // Plain lines stay plain: only a list that redraws itself has room for what goes by.
        const line = text.trim().split('\n').at(-1)
        if (output.verbose) task.output = text.trimEnd()
        else if (line && output.renderer === 'default') task.output = line
      }),
  }))
  const list = new Listr(tasks, {
    concurrent,
    exitOnError: true,
    renderer: output.renderer,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false, ...plainMarks(output) },
  })
  await list.run()
}

/** The commands of steps, as lines for --dry-run. */
export function showSteps(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => [
    `# ${step.title}`,
    ...(step.commands ?? []).map((command) => show(command)),
  ])
}

/** Runs commands whatever happens; for undoing. Says which of them failed. */
export async function runAnyway(commands: readonly Command[], output: Output): Promise<void> {
  for (const command of commands) {
    const result = await exec(command)
    if (result.status !== 0 && !command.optional)
      output.warn(`Could not undo: ${show(command)}: ${result.stderr.trim()}`)
  }
}
