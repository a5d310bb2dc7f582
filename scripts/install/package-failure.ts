import { type Command, type Result, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Step } from '../run/steps.ts'

/** Who has the lock that a package manager waits for, in its own words. */
const holder = /held by process (\d+)(?: \(([^)]*)\))?/

function explain(command: Command, { status, stdout, stderr }: Result): Failure | undefined {
  const said = `${stdout}${stderr}`
  const details = said.trim().split('\n').slice(-15)
  const [, pid, program] = holder.exec(said) ?? []
  if (pid && /could not get lock|unable to (lock|acquire)/i.test(said))
    return new Failure('busy', `Process ${pid} (${program ?? 'a package manager'}) did not end.`, {
      details,
      mend: `ps -fp ${pid}`,
    })
  if (/dpkg was interrupted/.test(said))
    return new Failure('packages', 'dpkg was interrupted once, and has to go on first.', {
      details,
      mend: 'dpkg --configure -a',
    })
  return new Failure('packages', `The package manager failed with status ${status}.`, {
    details,
    mend: show(command),
  })
}

/** What is told of a package manager while it waits, and when it fails. */
export const packageManagerWords: Pick<Step, 'explain' | 'tells'> = {
  explain,
  tells: (line) => {
    const [, pid, program] = holder.exec(line) ?? []
    return pid && `Process ${pid} (${program ?? 'a package manager'}) is at work; waiting for it.`
  },
}
