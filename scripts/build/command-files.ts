import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ignore from 'ignore'
import { home } from '../home.ts'

/** Whether this is the bundle, which runs wherever it is copied to. */
export const isBundle = basename(dirname(fileURLToPath(import.meta.url))) === 'dist'

/** What the command is, and all that it reads. */
const parts = [
  ...['package.json', 'LICENSE', 'CHANGELOG.md', 'dkms.conf.tpl', 'dist', 'scripts/guest', 'kmod'],
  ...['debian/dkms', 'debian/modules', 'rpm', 'arch', 'alpine', 'docs/man', 'LICENSES/ISC.txt'],
]

/** npm does not keep who may run what. */
const programs = /^(dist\/entry\.cjs|scripts\/guest\/[^/]+)$/

/** One of them, by its path from the folder that all are in. */
export interface CommandFile {
  path: string
  from: string
  executable: boolean
}

/** The files of the command, in order; what a build left in a checkout is none of them. */
export function commandFiles(): CommandFile[] {
  const { files } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    files: string[]
  }
  const unpacked = ignore().add(files.filter((line) => line.startsWith('!')).map((l) => l.slice(1)))
  return parts
    .map((part) => join(home, part))
    .filter((part) => existsSync(part))
    .flatMap((part) =>
      statSync(part).isFile()
        ? [part]
        : readdirSync(part, { recursive: true, encoding: 'utf8' }).map((name) => join(part, name)),
    )
    .map((from) => ({ path: relative(home, from), from }))
    .filter(({ path, from }) => !unpacked.ignores(path) && statSync(from).isFile())
    .map((file) => ({ ...file, executable: programs.test(file.path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
