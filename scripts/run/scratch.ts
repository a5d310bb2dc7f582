import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { quote } from './exec.ts'
import { Failure } from './failure.ts'

/** make takes such words apart, or for something else. */
const isPlain = (path: string): boolean => /^[\w.,+@/-]+$/.test(path)

const noScratch = (error: unknown): Failure =>
  new Failure(
    'space',
    `Nothing can be written in ${tmpdir()}, where temporary files go: ${(error as NodeJS.ErrnoException).code}.`,
    { mend: process.env.TMPDIR ? 'unset TMPDIR' : `ls -ld ${quote(tmpdir())}` },
  )

/** Why there can be no temporary files; dkms does not even say its version then. */
export function scratchProblem(): Failure | undefined {
  try {
    accessSync(tmpdir(), constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return noScratch(error)
  }
}

/** A folder of the system's in which nothing can be written, by nobody. */
export const readOnly = (folder: string): Failure =>
  new Failure('platform', `${folder} is read-only here.`, { mend: `findmnt -T ${quote(folder)}` })

/** A new folder for this run alone; `plain` is one whose name make can take. */
export function scratchFolder(plain = false): string {
  const above = plain && !isPlain(tmpdir()) ? '/tmp' : tmpdir()
  try {
    return mkdtempSync(join(above, 'vmmci-dkms-'))
  } catch (error) {
    throw noScratch(error)
  }
}

/** A folder that is not there yet, for commands that make it; its name is one that make can take. */
export const newFolder = (): string => `/tmp/vmmci-dkms-${randomUUID()}`

function make(folder: string): void {
  if (existsSync(folder)) return
  make(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Makes a folder in which can be written, and those above it one by one: node's own way never ends below /proc. */
export function makeFolder(folder: string): void {
  try {
    make(folder)
    accessSync(`${folder}/.`, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const kind = code === 'ENOSPC' ? 'space' : code === 'EACCES' ? 'privilege' : 'usage'
    throw new Failure(kind, `${folder} cannot be made or written: ${code}.`, {
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
