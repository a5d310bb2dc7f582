import { basename, resolve } from 'node:path'
import { type Command, ownWords, quote } from './exec.ts'

/** How this program was called: under which of its names, and for whose module. */
export interface Called {
  name: 'vmmci-dkms' | 'kmod-pack'
  manifest?: string
}

/** The second name is for those who look after another module: with it no manifest is the usual one. */
export function calledAs(argv: readonly string[]): Called {
  const name = basename(argv[1] ?? '') === 'kmod-pack' ? 'kmod-pack' : 'vmmci-dkms'
  const words = argv.slice(2)
  const at = words.findIndex((word) => /^--manifest(=|$)/.test(word))
  const given = at < 0 ? undefined : (words[at]?.split('=')[1] ?? words[at + 1])
  return { name, ...(given && { manifest: resolve(given) }) }
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
  /\bvmmci-dkms (check|render|build|install|uninstall|status|watch|smoke|sign|keys|package)\b/g

/** A text for people, in which our own commands work when they are pasted: the same program, the same module. */
export function asTyped(text: string, { name, manifest }: Called = called): string {
  if (name === 'vmmci-dkms' && !manifest) return text
  return text
    .replaceAll(verbs, (_, verb: string) =>
      [name, verb, ...(manifest ? ['--manifest', quote(manifest)] : [])].join(' '),
    )
    .replaceAll(/\bvmmci-dkms (?=import|init|--help)/g, `${name} `)
}

/** The same in all strings of a document. */
export const typedJson = (document: unknown): string =>
  JSON.stringify(document, (_, value) => (typeof value === 'string' ? asTyped(value) : value), 2)
