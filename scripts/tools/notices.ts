import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { home } from '../home.ts'

/** A library that is in the bundle. */
export interface Library {
  name: string
  version: string
  /** SPDX. */
  license: string
  /** What its authors want to be handed on with it. */
  texts: string[]
}

/** The folders of libraries of which the bundle has at least a byte. */
function foldersIn({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const folders = used.flatMap(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [])
  return [...new Set(folders)].sort()
}

function readLibrary(folder: string): Library {
  const { name, version, license } = JSON.parse(
    readFileSync(join(home, folder, 'package.json'), 'utf8'),
  ) as Library
  const texts = readdirSync(join(home, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|notice|copying)/i.test(entry.name))
    .map((entry) => readFileSync(join(home, folder, entry.name), 'utf8').trim())
  if (!license || texts.length === 0) throw new Error(`${folder} has no licence to hand on`)
  return { name, version, license, texts }
}

/** What esbuild really put in, by its own account. */
export function librariesIn(meta: Metafile): Library[] {
  const all = foldersIn(meta).map(readLibrary)
  // npm puts the same library into several folders.
  return [...new Map(all.map((one) => [`${one.name} ${one.version}`, one])).values()]
}

const rule = '-'.repeat(80)

/** THIRD-PARTY-NOTICES of a bundle. */
export function notices(libraries: readonly Library[]): string {
  return [
    'The files in this folder contain code of these libraries, which have the licences below.',
    ...libraries.flatMap(({ name, version, license, texts }) => [
      `${rule}\n${name} ${version} (${license})`,
      ...texts,
    ]),
  ]
    .join('\n\n')
    .concat('\n')
}
