import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../home.ts'
import { unbroken, wrap } from '../run/output.ts'

export const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  version: string
}

interface BuiltFrom {
  commit: string
  libraries: { name: string; version: string; license: string }[]
}

/** What dist/ was made from, which stands beside the bundle; undefined in a checkout's sources. */
function readBuiltFrom(): BuiltFrom | undefined {
  const file = new URL('built-from.json', import.meta.url)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BuiltFrom) : undefined
}

const builtFrom = readBuiltFrom()
const libraries = builtFrom?.libraries.map(({ name, version }) => `${name} ${version}`)

/** What --version prints: this version first, then what it was made from and what runs it. */
export const versionText = [
  `vmmci-dkms ${version}`,
  `commit     ${builtFrom?.commit ?? 'none: run from its sources'}`,
  ...(libraries ? wrap('libraries  ', libraries.map(unbroken).join(', ')) : []),
  `node       ${process.versions.node}`,
].join('\n')
