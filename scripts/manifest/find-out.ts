import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { versionPattern } from './words.ts'

/** What the one and the other say, where all say the same. */
function agreed(found: (string | undefined)[]): string | undefined {
  const words = new Set(found.filter((word) => word !== undefined))
  return words.size === 1 ? [...words][0] : undefined
}

function read(...path: string[]): string {
  const file = join(...path)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

const texts = (folder: string, sources: string[], names: RegExp) =>
  sources.filter((source) => names.test(source)).map((source) => read(folder, source))

/** What package.json says under a key, if that is words. */
export function packageJson(root: string, key: string): string | undefined {
  try {
    const said = (JSON.parse(read(root, 'package.json')) as Record<string, unknown>)[key]
    return typeof said === 'string' ? said : undefined
  } catch {
    return undefined
  }
}

// A version, but not what a script of the sources is to put one for.
const packageVersion = new RegExp(`^\\s*PACKAGE_VERSION=["']?(${versionPattern})["']?\\s*$`, 'm')
const moduleVersion = new RegExp(`^MODULE_VERSION\\("(${versionPattern})"\\)`, 'm')

/** A package's version, from package.json, dkms.conf, or what all MODULE_VERSIONs of the sources say. */
export function findVersion(root: string, folder: string, sources: string[]): string | undefined {
  const conf = packageVersion.exec(read(folder, 'dkms.conf'))
  return (
    packageJson(root, 'version') ??
    conf?.[1] ??
    agreed(texts(folder, sources, /\.c$/).map((text) => moduleVersion.exec(text)?.[1]))
  )
}

/** What the kernel's sources call licences whose names SPDX has changed since. */
const formerly: Record<string, string> = {
  'GPL-2.0': 'GPL-2.0-only',
  'GPL-2.0+': 'GPL-2.0-or-later',
  'LGPL-2.1': 'LGPL-2.1-only',
  'LGPL-2.1+': 'LGPL-2.1-or-later',
}

/**
 * The licence that the first lines of the C sources name. A header alone may be under another one:
 * what is for programs has an exception.
 */
export const findLicense = (folder: string, sources: string[]): string | undefined =>
  agreed(
    texts(folder, sources, /\.c$/).map((text) =>
      /SPDX-License-Identifier: +(.+?) *(\*\/)?$/m
        .exec(text.slice(0, 400))?.[1]
        ?.trim()
        .replaceAll(/[A-Za-z0-9.+-]+/g, (name) => formerly[name] ?? name),
    ),
  )

/** Who says in the sources that it is theirs, each once. */
export const findCopyrights = (folder: string, sources: string[]): string[] => [
  ...new Set(
    texts(folder, sources, /\.[ch]$/).flatMap((text) =>
      [...text.matchAll(/copyright\s+(?:\(c\)\s*|©\s*)?(\d{4}.*?)[\s*/.]*$/gim)].map((match) =>
        (match[1] as string).replaceAll(/\s+/g, ' '),
      ),
    ),
  ),
]

/** The modules that Kbuild or Makefile at the top builds: what obj-m has. */
export function findModules(folder: string, sources: string[]): string[] {
  const file = ['Kbuild', 'Makefile'].find((name) => sources.includes(name))
  if (!file) return []
  const text = read(folder, file).replaceAll('\\\n', ' ')
  return [
    ...new Set(
      [...text.matchAll(/^\s*obj-m\s*[+:]?=\s*(.*?)(#.*)?$/gm)]
        .flatMap((match) => (match[1] as string).split(/\s+/))
        .flatMap((word) => /^([A-Za-z0-9_][A-Za-z0-9_-]*)\.o$/.exec(word)?.[1] ?? []),
    ),
  ]
}

/**
 * What all MODULE_DESCRIPTIONs say, if that fits a summary: as Debian's policy has one, without an
 * article, the package's own name or a full stop.
 */
export function findDescription(
  name: string,
  folder: string,
  sources: string[],
): string | undefined {
  const said = agreed(
    texts(folder, sources, /\.c$/).map(
      (text) => /^MODULE_DESCRIPTION\("([^"]+)"\)/m.exec(text)?.[1],
    ),
  )
  if (!said) return undefined
  const own = name.replaceAll(/[.+]/g, '\\$&')
  const summary = said
    .replace(new RegExp(`^${own}\\b[\\s:,-]*`, 'i'), '')
    .replace(/^(an?|the) /i, '')
    .replace(/\.$/, '')
    .trim()
  return summary && summary.length <= 72 ? summary : undefined
}

/** The SPDX name of what the first MODULE_LICENSE says, as the kernel means those words. */
export function findModuleLicense(folder: string, sources: string[]): string {
  const said = texts(folder, sources, /\.c$/)
    .map((text) => /^\s*MODULE_LICENSE\s*\("([^"]+)"\)/m.exec(text)?.[1])
    .find((word) => word !== undefined)
  const names: Record<string, string> = {
    'GPL v2': 'GPL-2.0-only',
    'GPL and additional rights': 'GPL-2.0-only',
    'Dual BSD/GPL': 'BSD-3-Clause OR GPL-2.0-only',
    'Dual MIT/GPL': 'MIT OR GPL-2.0-only',
    'Dual MPL/GPL': 'MPL-1.1 OR GPL-2.0-only',
    Proprietary: 'LicenseRef-Proprietary',
  }
  return (said && names[said]) ?? 'GPL-2.0-only'
}
