import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { quote } from './exec.ts'
import { Failure } from './failure.ts'

/** make takes such words apart, or for something else. */
const isPlain = (path: string): boolean => /^[\w.,+@/-]+$/.test(path)

/** A new folder for this run alone; `plain` is one whose name make can take. */
export function scratchFolder(plain = false): string {
  const above = plain && !isPlain(tmpdir()) ? '/tmp' : tmpdir()
  try {
    return mkdtempSync(join(above, 'vmmci-dkms-'))
  } catch (error) {
    const mend = process.env.TMPDIR ? 'unset TMPDIR' : `ls -ld ${quote(tmpdir())}`
    throw new Failure(
      'space',
      `Nothing can be written in ${tmpdir()}, where temporary files go: ${(error as NodeJS.ErrnoException).code}.`,
      { mend },
    )
  }
}

/** A folder that is not there yet, for commands that make it; its name is one that make can take. */
export const newFolder = (): string => `/tmp/vmmci-dkms-${randomUUID()}`

/** Makes a folder and those above it, one by one: node's own way never ends below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const kind = code === 'ENOSPC' ? 'space' : code === 'EACCES' ? 'privilege' : 'usage'
    throw new Failure(kind, `${folder} cannot be made: ${code}.`, {
      mend: `ls -ld ${quote(dirname(folder))}`,
    })
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
