import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isProgram, sourceTree } from '../build/source-tree.ts'
import type { Project } from '../manifest/manifest.ts'
import type { Command } from '../run/exec.ts'

/** A file to be installed: a copy of one that is here, or a text. */
export interface NewFile {
  path: string
  from?: string
  text?: string
  executable?: boolean
}

const root = (...argv: string[]): Command => ({ argv, root: true })

/** The content that a file shall have. */
export const contentOf = ({ from, text = '' }: NewFile): Buffer =>
  from === undefined ? Buffer.from(text) : readFileSync(from)

/** Whether a file is there as it shall be, and for all to read. */
export function isInPlace(file: NewFile): boolean {
  try {
    const { mode } = statSync(file.path)
    const rights = file.executable ? 0o555 : 0o444
    return (mode & rights) === rights && readFileSync(file.path).equals(contentOf(file))
  } catch {
    return false
  }
}

/** -D makes the folders that are missing, for all to read, and leaves the others as they are. */
const put = (mode: string, ...words: string[]) => root('install', '-D', '-m', mode, ...words)

function writeOne({ path, from, text = '', executable }: NewFile): Command[] {
  const mode = executable ? '755' : '644'
  return from === undefined
    ? [put(mode, '/dev/null', path), { ...root('dd', 'status=none', `of=${path}`), input: text }]
    : [put(mode, from, path)]
}

/** Whether it goes by one command with others of its folder. */
const isPlainCopy = ({ path, from, executable }: NewFile): boolean =>
  from !== undefined && !executable && basename(from) === basename(path)

/** The commands that write files, whatever the umask is, and the folders that they are in. */
export function writeFiles(files: readonly NewFile[]): Command[] {
  const folders = [...new Set(files.map(({ path }) => dirname(path)))].sort()
  const copies = folders.flatMap((folder) => {
    const from = files
      .filter((file) => isPlainCopy(file) && dirname(file.path) === folder)
      .map((file) => file.from as string)
    return from.length > 0 ? [put('644', '-t', folder, ...from)] : []
  })
  return [...copies, ...files.filter((file) => !isPlainCopy(file)).flatMap(writeOne)]
}

/** The same files in another folder. */
export const below = (folder: string, files: readonly NewFile[]): NewFile[] =>
  files.map((file) => ({ ...file, path: join(folder, file.path) }))

/** The source tree as dkms gets it. */
export function sourceFiles(project: Project): NewFile[] {
  return [...sourceTree(project)].map(([path, content]): NewFile => {
    const from = join(project.folder, path)
    const isCopy = existsSync(from) && contentOf({ path, from }).equals(content)
    const executable = isProgram(project, path)
    return { path, ...(isCopy ? { from } : { text: content.toString() }), executable }
  })
}
