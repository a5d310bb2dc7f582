import { dirname } from 'node:path'
import { CommanderError } from 'commander'
import type { Documents } from './cli/documents.ts'
import { program } from './cli/program.ts'
import { usageFailure } from './cli/usage.ts'
import { byRoot, ownWords, quote } from './run/exec.ts'
import { Failure } from './run/failure.ts'
import { asTyped, called, typedJson } from './run/typed.ts'

let unwritten: Failure | undefined

/** A failure as people and scripts get it: one sentence, what was said, what mends it. */
function report(failure: Failure, json: boolean): void {
  const { message, kind, status } = failure
  const { mend, details = [] } = failure.more
  if (json) {
    const document: Documents['error'] = {
      error: { kind, status, message, mend: mend ?? null, details: [...details] },
    }
    process.stdout.write(`${typedJson(document)}\n`)
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
    return new Failure('privilege', mayNot(error as NodeJS.ErrnoException), {
      mend: byRoot(ownWords().map(quote).join(' ')),
    })
  return asPathFailure(error as NodeJS.ErrnoException) ?? asBug(error)
}

const mayNot = ({ path, message }: NodeJS.ErrnoException): string =>
  path ? `${path} may not be read or written by this user.` : message

/** What a path can be that is none of ours to have right. */
const pathProblems: Record<string, string> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is below something that is no folder',
  EISDIR: 'is a folder',
  EROFS: 'is read-only',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'is too long a name',
  EEXIST: 'is there already',
}

function asPathFailure({ code = '', path }: NodeJS.ErrnoException): Failure | undefined {
  const problem = pathProblems[code]
  if (!problem || !path) return undefined
  return new Failure('usage', `${path} ${problem}.`, { mend: `ls -ld ${quote(dirname(path))}` })
}

function asBug(error: unknown): Failure {
  return new Failure('internal', `This is a bug: ${(error as Error).stack ?? String(error)}`)
}

/** The only place that decides how the process ends. */
async function main(argv: string[]): Promise<void> {
  const words = argv.slice(2)
  const all = program()
  try {
    await all.parseAsync(words.length > 0 ? argv : [...argv, '--help'])
  } catch (error) {
    const wrong = error instanceof CommanderError
    // Help and the version were asked for, and printed.
    if (wrong && error.exitCode === 0) return
    const names = all.commands.map((command) => command.name())
    const failure = wrong ? usageFailure(error, words, names) : asFailure(error)
    report(failure, words.includes('--json'))
    process.exitCode = failure.status
  }
}

// Whoever reads us may go: what was begun is finished or undone all the same. What could not be
// written, as on a full disk, is told by the status then.
const gone = ['EPIPE', 'EIO']
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (gone.includes(error.code ?? '') || unwritten) return
    unwritten = new Failure('space', `What was to be said could not be written: ${error.code}.`, {
      mend: 'df -h',
    })
    process.on('exit', (code) => {
      if (code !== 0) return
      process.exitCode = unwritten?.status
      if (unwritten && stream === process.stdout) report(unwritten, false)
    })
  })

await main(process.argv)
