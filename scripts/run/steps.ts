import { Listr, ListrLogLevels } from 'listr2'
import { outOfSpace } from '../build/hints.ts'
import { type Command, exec, type Result, show } from './exec.ts'
import { Failure, type FailureKind } from './failure.ts'
import { interruption, throwIfInterrupted } from './interrupt.ts'
import type { Output } from './output.ts'

/** One thing to do: commands in order, or an action where no command says it. */
export interface Step {
  title: string
  commands?: readonly Command[]
  action?: () => Promise<void>
  /** What a person would type to do the same as the action. */
  same?: readonly Command[]
  /** What a failure of this step is called. */
  kind: FailureKind
  /** Turns a failed command into a better sentence; undefined keeps the plain one. */
  explain?: (command: Command, result: Result) => Failure | undefined
  /** What a line of output means for people, if anything; said once. */
  tells?: (line: string) => string | undefined
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

async function runStep(
  step: Step,
  onOutput: (text: string) => void,
  warn: (text: string) => void,
): Promise<void> {
  for (const command of step.commands ?? []) {
    throwIfInterrupted()
    onOutput(`$ ${show(command)}`)
    const program = command.argv.find((word) => word !== 'env' && !word.includes('='))
    const waits = () => warn(`Interrupted; ${program} may not be torn off, and ends first.`)
    if (command.whole) interruption.addEventListener('abort', waits)
    const result = await exec(command, { onOutput })
    interruption.removeEventListener('abort', waits)
    throwIfInterrupted()
    if (result.status !== 0 && !command.optional)
      throw step.explain?.(command, result) ?? commandFailure(step.kind, command, result)
  }
  try {
    await step.action?.()
  } finally {
    // What it fails of then is that its own commands were ended.
    throwIfInterrupted()
  }
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
  const told = new Set<string>()
  const tellOnce = (sentence: string) => {
    if (!told.has(sentence)) output.warn(sentence)
    told.add(sentence)
  }
  const tasks = steps.map((step) => ({
    title: step.title,
    task: (_: unknown, task: { output: string }) =>
      runStep(
        step,
        (text) => {
          for (const sentence of text.split('\n').map((part) => step.tells?.(part)))
            if (sentence) tellOnce(sentence)
          // Plain lines stay plain: only a list that redraws itself has room for what goes by.
          const line = text.trim().split('\n').at(-1)
          if (output.verbose) task.output = text.trimEnd()
          else if (line && output.renderer === 'default') task.output = line
        },
        tellOnce,
      ),
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

/** The commands of a step, and what does the same as its action, as a person would type them. */
const typed = ({ commands = [], same = [] }: Step): string[] =>
  [...commands, ...same].map((command) => `${show(command)}${command.optional ? ' || true' : ''}`)

/** The commands of steps, under their titles. */
export const showSteps = (steps: readonly Step[]): string[] =>
  steps
    .filter((step) => typed(step).length > 0)
    .flatMap((step) => [`# ${step.title}`, ...typed(step)])

/** A dry run's result: the commands, under their titles for people. */
export function showPlan(steps: readonly Step[], output: Output): void {
  output.commands(steps.flatMap(typed), showSteps(steps))
}

/**
 * One more time where a signal ended it: what is typed at a terminal can meet a process that has no
 * group of its own yet. Not for ever: somebody may mean it.
 */
async function toItsEnd(command: Command, left = 5): Promise<Result> {
  const result = await exec({ ...command, whole: true })
  return result.status === 128 && left > 0 ? toItsEnd(command, left - 1) : result
}

/**
 * Runs commands, which may be run twice, whatever happens, to their end; for undoing. Returns those
 * that failed, and why.
 */
export async function runAnyway(commands: readonly Command[]): Promise<string[]> {
  const failed: string[] = []
  for (const command of commands) {
    const result = await toItsEnd(command)
    if (result.status !== 0 && !command.optional)
      failed.push(`${show(command)}: ${result.stderr.trim()}`)
  }
  return failed
}
