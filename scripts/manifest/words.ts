import { Type } from 'typebox'

/** An object that has these keys and no others. */
export const strict = <T extends Parameters<typeof Type.Object>[0]>(
  keys: T,
  description?: string,
) => Type.Object(keys, { additionalProperties: false, ...(description && { description }) })

/** Text that people read. */
export const text = (description: string) => Type.String({ description })

/** What is one line, whatever was written: it becomes a line of files that others read. */
export const oneLine = (said: string): string => said.split(/\s+/).join(' ').trim()

/** A package's version, as dkms takes any: it becomes a part of paths. */
export const versionPattern = '[A-Za-z0-9][A-Za-z0-9.+~_-]*'

export const isVersion = (text: string): boolean => new RegExp(`^${versionPattern}$`).test(text)

/** One of some words. */
export const oneOf = <const T extends string[]>(words: [...T], description: string) =>
  Type.Enum(words, { type: 'string', description })

const part = '[A-Za-z0-9_@][A-Za-z0-9_.+@=,~-]*'

/** A file or folder below the manifest's; it never leads out of it. */
export const file = (description: string) =>
  Type.String({ pattern: `^${part}(/${part})*$`, description })

/** A file, a folder, or a pattern such as *.c; "." is all there is. */
export const glob = Type.String({
  pattern:
    '^(\\.|[A-Za-z0-9_@*][A-Za-z0-9_.+@=,~*?{}-]*(/[A-Za-z0-9_@*][A-Za-z0-9_.+@=,~*?{}-]*)*)$',
})

export const packageName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9.+_:-]*$' })

export const packageNames = (description: string) => Type.Array(packageName, { description })

/** What a package is called, by package manager. */
export const byManager = (description: string) =>
  strict(
    {
      apt: Type.Optional(packageNames('As Debian and its kin call them.')),
      dnf: Type.Optional(packageNames('As Fedora and its kin call them.')),
      zypper: Type.Optional(packageNames('As SUSE calls them.')),
      pacman: Type.Optional(packageNames('As Arch calls them.')),
      apk: Type.Optional(packageNames('As Alpine calls them.')),
      xbps: Type.Optional(packageNames('As Void calls them.')),
    },
    description,
  )

/** What can stand in braces, to be filled in; the first two are a kernel's. */
const names = ['release', 'headers', 'source', 'version', 'architecture']

const filled = (names: string[], many: '+' | '*') =>
  Type.String({ pattern: `^([^\\x00-\\x1f{}]|\\{(${names.join('|')})\\})${many}$` })

const variables = (names: string[]) =>
  Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), filled(names, '*'), {
    additionalProperties: false,
    description: 'Variables of the environment it runs in; filled in as words are.',
  })

/** A word for a program, and the environment of one. */
export const word = filled(names, '+')
export const environment = variables(names)

/** The same for what has nothing to do with a kernel. */
export const plainWord = filled(names.slice(2), '+')
export const plainEnvironment = variables(names.slice(2))
