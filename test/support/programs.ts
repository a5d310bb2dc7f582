import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { cached } from './cache.ts'
import { Root } from './roots.ts'

/** The text of all files of a folder, by which a change of one is seen. */
export function contents(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${file.slice(folder.length)}\n${readFileSync(file, 'utf8')}`)
    .join('\n')
}

/** A folder with what a shell script makes in /out from the sources in /src, run in the qemu root. */
function compiled(name: string, source: string, script: string): Promise<string> {
  return cached(`programs/${name}`, contents(source) + script, async (folder) => {
    await using root = await Root.of('qemu')
    cpSync(source, join(root.folder, 'src'), { recursive: true })
    mkdirSync(join(root.folder, 'out'))
    await root.sh(script)
    cpSync(join(root.folder, 'out'), folder, { recursive: true })
  })
}

/** test/vmd, with the sanitizers watching. */
export const deviceProgram = (): Promise<string> =>
  compiled('vmd', join(home, 'test/vmd'), 'make -C /src OUT=/out')

/** What runs inside guests, linked statically. */
export const guestPrograms = (): Promise<string> =>
  compiled(
    'guest',
    join(home, 'test/guest'),
    'cd /src && for p in *.c; do gcc -static -O2 -Wall -Wextra -Werror -o /out/$(basename $p .c) $p; done',
  )
