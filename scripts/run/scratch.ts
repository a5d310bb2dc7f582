import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from './exec.ts'
import { Failure } from './failure.ts'

/** A new folder for this run alone. */
export function scratchFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'vmmci-dkms-'))
  } catch (error) {
    const mend = process.env.TMPDIR ? 'unset TMPDIR' : `ls -ld ${quote(tmpdir())}`
    throw new Failure(
      'space',
      `Nothing can be written in ${tmpdir()}, where temporary files go: ${(error as NodeJS.ErrnoException).code}.`,
      { mend },
    )
  }
}

/**
 * Runs `work` with a temporary folder of its own, which goes with it: compilers that were ended leave
 * files behind. gcc and dkms follow TMPDIR, and so does os.tmpdir; not for apt, whose own user has to
 * reach it.
 */
export async function inScratch<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR
  const folder = scratchFolder()
  process.env.TMPDIR = folder
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
