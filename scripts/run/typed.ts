import { existsSync, realpathSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { home } from '../home.ts'
import { type Command, ownWords, quote, userPath } from './exec.ts'
import { isOwnScript } from './own-script.ts'
import { pasted } from './pasted.ts'

/** How this program was called: under which of its names, and for whose module. */
export interface Called {
  name: 'vmmci-dkms' | 'kmod-pack'
  /** What calls it again: its name only where the PATH leads to it. */
  readonly word: string
  manifest?: string
}

/** Where the PATH leads for a name; what npm puts there for the time of one run does not count. */
const onPath = (name: string): string | undefined =>
  userPath()
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** What a person can type to call this very program once more. */
export function typedWord(name: string, path: string): string {
  const found = onPath(name)
  if (found && (realpathSync(found) === realpathSync(path) || isOwnScript(found))) return name
  const { npm_command: npm, npm_config_local_prefix: prefix } = process.env
  // What node was given by hand is no program itself; the one beside it is.
  const program = path.replace(/\/cli\.js$/, '/entry.cjs')
  return npm === 'exec' && prefix === home ? `npx ${name}` : quote(program)
}

/** The second name is for those who look after another module: with it no manifest is the usual one. */
export function calledAs(argv: readonly string[], typed = typedWord): Called {
  const path = argv[1] ?? ''
  const name = basename(path) === 'kmod-pack' ? 'kmod-pack' : 'vmmci-dkms'
  const words = argv.slice(2)
  const at = words.findIndex((word) => /^--manifest(=|$)/.test(word))
  const given = at < 0 ? undefined : (/=(.*)/.exec(words[at] ?? '')?.[1] ?? words[at + 1])
  return {
    name,
    // Asked for each time: an installation puts it on the PATH.
    get word() {
      return typed(name, path)
    },
    ...(given && { manifest: resolve(given) }),
  }
}

export const called = calledAs(process.argv)

/** Another command of ours, about the same module, as a person would type it. */
export const ours = (...words: string[]): Command => ({
  argv: [
    ...ownWords().slice(0, 2 + process.execArgv.length),
    ...words,
    ...(called.manifest ? ['--manifest', called.manifest] : []),
  ],
})

/** Commands that are about one module, and would be about this project's without a manifest. */
const verbs =
  /\bvmmci-dkms (check|render|build|install|uninstall|status|watch|smoke|report|sign|keys|package)\b/g

/** Our own commands as they work when they are pasted: the same program, the same module. */
function withOwn(text: string, by: Called): string {
  const { manifest } = by
  return text
    .replaceAll(verbs, (_, verb: string) =>
      [by.word, verb, ...(manifest ? ['--manifest', quote(manifest)] : [])].join(' '),
    )
    .replaceAll(/\bvmmci-dkms (?=import|init|completion|--help)/g, () => `${by.word} `)
}

/** A text for people, in which commands work when they are pasted: our own, and those that mend something. */
export const asTyped = (text: string, by: Called = called): string =>
  withOwn(text, by).replaceAll(/^( *try: )(.+)$/gm, (_, head, line) => head + pasted(line))

/** The same in all strings of a document. */
export const typedJson = (document: unknown): string =>
  JSON.stringify(
    document,
    (key, value) => {
      if (typeof value !== 'string') return value
      const text = asTyped(value)
      return key === 'mend' || key === 'next' ? pasted(text) : text
    },
    2,
  )
