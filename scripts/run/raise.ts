import { closeSync, openSync } from 'node:fs'
import { ask, exec, isRoot, noRoot, ownWords, raiser, unraisable } from './exec.ts'
import { throwIfInterrupted } from './interrupt.ts'

/** Says to the run as root that sudo or doas was asked by us. */
const mark = 'RAISED_BY_ITSELF'

/** What a raised run makes of status 1, which is what sudo and doas themselves end with. */
const raisedBug = 251

if (process.env[mark])
  process.on('exit', (code) => {
    if (code === 1) process.exitCode = raisedBug
  })

/** A user and their group, by numbers. */
export interface Caller {
  uid: string
  gid: string
}

/** Who called sudo or doas; undefined where nobody did, where that was root, and where we are not. */
export async function caller(env = process.env, root = isRoot()): Promise<Caller | undefined> {
  const { SUDO_UID, SUDO_GID, DOAS_USER } = env
  if (!root) return undefined
  // doas tells a name only.
  const id = (which: string) => (DOAS_USER ? ask(['id', which, DOAS_USER]) : undefined)
  const [uid, gid] = [SUDO_UID ?? (await id('-u')), SUDO_GID ?? (await id('-g'))]
  return uid && gid && uid !== '0' ? { uid, gid } : undefined
}

/** Whether there is a terminal to type a password at; sudo opens the same. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}

/**
 * Runs `work` as root: here, or where the user is not root, in this very command once more by sudo
 * or doas. Asked for once, before anything begins; from then on nothing can be refused half-way.
 * Throws a Failure of kind privilege where it is not granted.
 */
export async function asRoot(work: () => Promise<void>): Promise<void> {
  if (isRoot()) {
    // What is installed is for all to read, whatever root keeps to itself.
    process.umask(0o022)
    return work()
  }
  const by = raiser()
  if (!by) throw noRoot(unraisable)
  const asks = hasTerminal()
  const pin = by === 'sudo' && process.env.KBUILD_SIGN_PIN ? ['--preserve-env=KBUILD_SIGN_PIN'] : []
  const argv = [by, ...(asks ? [] : ['-n']), ...pin, 'env', `${mark}=1`, ...ownWords()]
  const { status } = await exec({ argv, whole: true }, { terminal: true })
  if (status === 1) {
    throwIfInterrupted()
    throw noRoot(
      asks
        ? `This needs root, which ${by} did not grant.`
        : `This needs root; ${by} did not grant it, and there is no terminal to type a password at.`,
    )
  }
  process.exitCode = status === raisedBug ? 1 : status
}
