#!/usr/bin/env node
import { CommanderError } from 'commander'
import { program } from './cli/program.ts'
import { usageFailure } from './cli/usage.ts'
import { show } from './run/exec.ts'
import { Failure } from './run/failure.ts'
import { asTyped, called, typedJson } from './run/typed.ts'

/** A failure as people and scripts get it: one sentence, what was said, what mends it. */
function report(failure: Failure, json: boolean): void {
  const { message, kind, status } = failure
  const { mend, details = [] } = failure.more
  if (json) {
    const error = { kind, status, message, mend: mend ?? null, details }
    process.stdout.write(`${typedJson({ error })}\n`)
    return
  }
  for (const line of details) process.stderr.write(`  ${line}\n`)
  process.stderr.write(asTyped(`${called.name}: ${message}\n${mend ? `  try: ${mend}\n` : ''}`))
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC') return new Failure('space', 'There is no space left.', { mend: 'df -h' })
  if (code === 'EACCES' || code === 'EPERM')
    return new Failure('privilege', (error as Error).message, {
      mend: `sudo ${show({ argv: process.argv.slice(1) })}`,
    })
  return new Failure('internal', `This is a bug: ${(error as Error).stack ?? String(error)}`)
}

/** The only place that decides how the process ends. */
async function main(argv: string[]): Promise<void> {
  const words = argv.slice(2)
  try {
    await program().parseAsync(words.length > 0 ? argv : [...argv, '--help'])
  } catch (error) {
    const wrong = error instanceof CommanderError
    // Help and the version were asked for, and printed.
    if (wrong && error.exitCode === 0) return
    const failure = wrong ? usageFailure(error, words) : asFailure(error)
    report(failure, words.includes('--json'))
    process.exitCode = failure.status
  }
}

// Whoever reads us may go: what was begun is finished or undone all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

await main(process.argv)
