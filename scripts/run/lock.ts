import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { exec } from './exec.ts'
import { Failure } from './failure.ts'
import { throwIfInterrupted } from './interrupt.ts'
import { readOnly } from './scratch.ts'

/** Where root's locks are: nobody else can put a link there, and a reboot clears it. */
export const lockFolder = '/run'

/** That of a package. */
export const rootLock = (name: string): string => `${lockFolder}/${name}.lock`

/** Opens a lock's file; a link in its place is not followed. */
function opened(file: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  try {
    return openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EROFS' ? readOnly(dirname(file)) : error
  }
}

/** Whether a name still leads to the file that is open: whoever had the lock took it away. */
function isStill(file: string, fd: number): boolean {
  const now = statSync(file, { throwIfNoEntry: false })
  return now?.ino === fstatSync(fd).ino
}

/**
 * Takes flock(2) on an open file. The lock belongs to the open file, which we share with flock(1)
 * and have when it has ended; the kernel lets go of it with the last process, however that ends.
 */
async function take(fd: number, words: string[]): Promise<boolean> {
  const { status, stderr } = await exec({ argv: ['flock', ...words, '3'] }, { file: fd })
  throwIfInterrupted()
  if (status !== 0 && stderr !== '')
    throw new Failure('toolchain', `No lock could be taken: ${stderr.trim()}`, {
      mend: 'command -v flock',
    })
  return status === 0
}

/**
 * Runs `work` while no other run has the lock. Waits for up to `patience` seconds, saying who holds
 * it, then gives up with a Failure of kind busy.
 */
export async function alone<T>(
  name: string,
  file: string,
  say: (text: string) => void,
  work: () => Promise<T>,
  patience = 600,
): Promise<T> {
  for (;;) {
    const fd = opened(file)
    try {
      if (!(await take(fd, ['-n']))) {
        const holder = `Process ${readFileSync(file, 'utf8').trim()}`
        say(`${holder} is at work on ${name}; waiting for it.`)
        if (!(await take(fd, ['-w', String(patience)])))
          throw new Failure('busy', `${holder} is at work on ${name}.`, {
            mend: `ps -fp ${holder.split(' ')[1]}`,
          })
      }
      if (!isStill(file, fd)) continue
      writeSync(fd, `${process.pid}\n`, 0)
      try {
        return await work()
      } finally {
        rmSync(file, { force: true })
      }
    } finally {
      closeSync(fd)
    }
  }
}
