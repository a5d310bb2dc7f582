import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { managers } from '../install/packages.ts'
import { byRoot, raiser, readerIsRoot } from './exec.ts'

/** Programs that do nothing, or not all, for who is not root. */
const rootsPrograms = new Set([
  ...Object.values(managers).flatMap(({ install, remove }) => [install[0], remove[0]]),
  ...['depmod', 'dmesg', 'dpkg', 'grubby', 'modprobe', 'mokutil', 'reboot', 'rmmod'],
])

/** Those of whom it depends on the files that they are given. */
const readers = ['cat', 'less', 'ls']
// biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own.
const writers = ['rm', 'tee', '"${EDITOR:-vi}"']

/** Whether only root can read a file, or change it: by owners and modes, for we may be root ourselves. */
function isRoots(file: string, toChange: boolean): boolean {
  const above = dirname(file)
  try {
    const { uid, mode } = statSync(file)
    if (uid === 0 && (toChange || (mode & 0o5) === 0)) return true
    if (toChange) return false
  } catch {
    // Not there, or in a folder that is closed.
  }
  return above !== file && isRoots(above, toChange)
}

/** Words, and simple commands, as a shell takes a line apart. */
const word = /(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g
const simple = /(?:'[^']*'|"[^"]*"|\\.|[^'"\\|&])+/g

function needsRoot(command: string): boolean {
  const [program = '', ...words] = command.replace(/^(env )?(\w+=\S* )*/, '').match(word) ?? []
  const files = words
    .filter((one) => !/^[-+]/.test(one))
    .map((one) => one.replaceAll(/'([^']*)'|\\(.)/g, '$1$2'))
  return (
    rootsPrograms.has(program) ||
    (readers.includes(program) && files.some((file) => isRoots(file, false))) ||
    (writers.includes(program) && files.some((file) => isRoots(file, true)))
  )
}

/** A line that mends something, as who reads it can paste it: what needs root in it asks for that. */
export function pasted(
  line: string,
  root = readerIsRoot(),
  by: string | undefined = raiser(),
): string {
  if (root) return line
  const raised = line.replaceAll(simple, (part) => {
    const command = part.trimStart()
    return needsRoot(command) ? part.replace(command, () => `${by} ${command}`) : part
  })
  return by || raised === line ? raised : byRoot(line, root, by)
}
