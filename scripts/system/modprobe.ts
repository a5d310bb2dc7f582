import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../run/exec.ts'

/** A line that keeps a module from being loaded. */
export interface ModprobeLine {
  file: string
  line: number
  text: string
  /** install: modprobe does that instead. blacklist: nobody but a person loads it. */
  kind: 'install' | 'blacklist'
}

/** modprobe.d(5): of files of one name the first folder's counts. */
const folders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map(
  (at) => `${at}/modprobe.d`,
)

const plain = (name: string): string => name.replaceAll('-', '_')

/** The lines of a file, those that a backslash continues as one, each with the number of its first. */
function* logicalLines(text: string): Generator<{ line: number; text: string }> {
  let begun: { line: number; text: string } | undefined
  for (const [index, part] of text.split('\n').entries()) {
    const whole: { line: number; text: string } = begun
      ? { line: begun.line, text: `${begun.text} ${part}` }
      : { line: index + 1, text: part }
    begun = whole.text.endsWith('\\') ? { ...whole, text: whole.text.slice(0, -1) } : undefined
    if (!begun) yield whole
  }
}

function configurationFiles(root: string): string[] {
  const files = new Map<string, string>()
  for (const folder of folders) {
    const at = join(root, folder)
    for (const name of existsSync(at) ? readdirSync(at) : [])
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, `${folder}/${name}`)
  }
  return [...files.entries()].sort().map(([, file]) => file)
}

/** What the kernel's command line keeps out: modprobe.blacklist=A,B and the kernel's own module_blacklist=. */
function commandLine(names: Set<string>, root: string): ModprobeLine[] {
  const file = '/proc/cmdline'
  if (!existsSync(join(root, file))) return []
  return readFileSync(join(root, file), 'utf8')
    .trim()
    .split(/\s+/)
    .flatMap((word): ModprobeLine[] => {
      const match = /^(modprobe\.blacklist|module_blacklist)=(.*)$/.exec(word)
      if (!match?.[2]?.split(',').some((name) => names.has(plain(name)))) return []
      const kind = match[1] === 'module_blacklist' ? 'install' : 'blacklist'
      return [{ file, line: 1, text: word, kind }]
    })
}

/** A pattern as install and alias take it. */
const pattern = (name: string): RegExp =>
  new RegExp(`^${plain(name).replaceAll(/\W/g, (c) => ({ '*': '.*', '?': '.' })[c] ?? `\\${c}`)}$`)

/** What a line of modprobe.d does to one of the modules, if it keeps it out. */
function kindOf(text: string, names: Set<string>): ModprobeLine['kind'] | undefined {
  const [verb, name = '', other = ''] = text.split(/\s+/)
  if (verb === 'blacklist') return names.has(plain(name)) ? verb : undefined
  // modprobe then looks for another module, or for none: "off".
  const instead = verb === 'install' || (verb === 'alias' && !names.has(plain(other)))
  return instead && [...names].some((one) => pattern(name).test(one)) ? 'install' : undefined
}

/** Lines of modprobe.d and of the kernel's command line that keep one of the modules out. */
export function modprobeLines(modules: string[], root = ''): ModprobeLine[] {
  const names = new Set(modules.map(plain))
  const inFiles = configurationFiles(root).flatMap((file) =>
    [...logicalLines(readFileSync(join(root, file), 'utf8'))].flatMap(
      ({ line, text }): ModprobeLine[] => {
        const kind = kindOf(text.trim(), names)
        return kind ? [{ file, line, text: text.trim(), kind }] : []
      },
    ),
  )
  return [...inFiles, ...commandLine(names, root)]
}

/** The same, as people are told, and what takes it away. */
export function showModprobeLine({ file, line, text, kind }: ModprobeLine): {
  message: string
  mend: string
} {
  const at = file === '/proc/cmdline' ? "the kernel's command line" : `${file}:${line}`
  const what =
    kind === 'install' ? 'keeps it from being loaded' : 'keeps the next boot from loading it'
  return {
    message: `${at} ${what}: ${text}`,
    mend:
      file === '/proc/cmdline' ? 'cat /proc/cmdline' : `"\${EDITOR:-vi}" +${line} ${quote(file)}`,
  }
}
