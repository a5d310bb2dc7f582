import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'
import { throwIfInterrupted } from './steps.ts'

/** Sticky and writable for all on every distribution, so that no run needs root to be alone. */
const folder = existsSync('/run/lock') ? '/run/lock' : '/tmp'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Linked into place with its content: a lock without a process id was never taken. */
function take(file: string): boolean {
  const own = `${file}.${process.pid}`
  try {
    writeFileSync(own, `${process.pid}\n`, { mode: 0o644 })
    linkSync(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

function holder(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

/**
 * Runs `work` while no other run for the same package does. Waits for up to `patience` ms, saying
 * who holds the lock, then gives up with a Failure of kind busy. A lock of a dead process is taken.
 */
export async function alone<T>(
  name: string,
  say: (text: string) => void,
  work: () => Promise<T>,
  patience = 600_000,
): Promise<T> {
  const file = `${folder}/${name}.lock`
  const deadline = Date.now() + patience
  for (let said = false; !take(file); ) {
    const pid = holder(file)
    if (pid === 0 || !isAlive(pid)) {
      rmSync(file, { force: true })
      continue
    }
    if (!said) say(`Process ${pid} is at work on ${name}; waiting for it.`)
    said = true
    if (Date.now() >= deadline)
      throw new Failure('busy', `Process ${pid} is at work on ${name}.`, { mend: `ps -fp ${pid}` })
    throwIfInterrupted()
    await sleep(100)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
