import { once } from 'node:events'
import { quote } from '../../scripts/run/exec.ts'
import type { Root } from './roots.ts'

/** What a person types once a text was seen; Ctrl-C is \x03, Ctrl-D is \x04. */
export interface Typed {
  after: RegExp
  keys: string
  /**
   * Typed until it is heard, as impatient people do: sudo passes over a Ctrl-C that comes between its
   * prompt and its read(2).
   */
  again?: true
}

/** Runs words inside a root at a pseudo-terminal, by util-linux's script, and types what is to be typed. */
export async function atTerminal(
  root: Root,
  words: readonly string[],
  typed: readonly Typed[],
  user?: string,
): Promise<{ status: number; screen: string }> {
  await root.sh(
    'mountpoint -q /dev/pts || mount -t devpts -o ptmxmode=666,mode=620 devpts /dev/pts',
  )
  // No shell is left between the keys and the command.
  const line = ['exec', ...(user ? as(user) : []), ...words].map(quote).join(' ')
  const child = root.start(['script', '-qefc', line, '/dev/null'], 'pipe')
  let screen = ''
  let from = 0
  const left = [...typed]
  let again: NodeJS.Timeout | undefined
  child.stdout?.on('data', (chunk) => {
    screen += chunk
    const [next] = left
    const seen = next?.after.exec(screen.slice(from))
    if (!next || !seen) return
    from = screen.length
    left.shift()
    clearInterval(again)
    const type = () => child.stdin?.write(next.keys)
    type()
    if (next.again) again = setInterval(type, 100)
  })
  const [status] = await once(child, 'close')
  clearInterval(again)
  return { status, screen: screen.replaceAll('\r', '') }
}

/** The words before a command that make it a user's. */
export const as = (user: string): string[] => [
  ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'],
  ...['env', `HOME=/home/${user}`, `USER=${user}`],
]
