import { completion, type Shell } from '../cli/completion.ts'
import { program } from '../cli/program.ts'

/** Prints what a shell needs to complete our words. */
export async function printCompletion(shell: Shell): Promise<void> {
  process.stdout.write(completion(shell, program()))
}
