import { existsSync, lstatSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Command, exec, quote, show } from './exec.ts'
import { Failure } from './failure.ts'
import { interruption, undone } from './interrupt.ts'
import type { Output } from './output.ts'
import { scratchFolder } from './scratch.ts'
import { runAnyway } from './steps.ts'

const root = (...argv: string[]): Command => ({ argv, root: true })

/** What a transaction may change: asked before it and again before it is undone. */
export interface Touched {
  /** Files and folders, there or not. */
  paths: string[]
  /** Folders that go again if they were not there, and are empty. */
  folders?: string[]
  /** Kernels whose module lists tell of them. */
  releases: string[]
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** A folder and those above it, as far as they are not there. */
const absent = (folder: string): string[] =>
  existsSync(folder) ? [] : [folder, ...absent(dirname(folder))]

/** What puts paths back as a tar file has them: those that are there now go, and their new folders. */
export function undoCommands(
  paths: string[],
  newFolders: string[],
  backup: string | undefined,
): Command[] {
  return [
    ...(paths.length > 0 ? [root('rm', '-rf', ...paths)] : []),
    ...newFolders.map((folder): Command => ({ ...root('rmdir', folder), optional: true })),
    ...(backup ? [root('tar', '-C', '/', '-xpf', backup)] : []),
  ]
}

/** Makes the module lists of kernels anew; those that cannot be are told of, and what makes them. */
async function listAnew(releases: string[], output: Output): Promise<boolean> {
  let all = true
  for (const command of releases.map((release) => root('depmod', release)))
    for (const line of await runAnyway([command])) {
      output.warn(`Could not undo: ${line}`)
      output.warn(`  try: ${show(command)}`)
      all = false
    }
  return all
}

/** The same once more; where that cannot be read any longer, what it was before is put back all the same. */
function touchedNow(touched: () => Touched, before: Touched): Touched {
  try {
    return touched()
  } catch {
    return before
  }
}

/** Saves paths in a tar file, if there are any. */
async function save(paths: string[], folder: string): Promise<string | undefined> {
  if (paths.length === 0) return undefined
  const backup = join(folder, 'before.tar')
  const list = paths.map((path) => path.slice(1))
  const command = root('tar', '-C', '/', '-cpf', backup, ...list)
  const { status, stderr } = await exec(command)
  if (status !== 0)
    throw new Failure('space', 'What is installed now could not be saved first.', {
      details: stderr.trim().split('\n'),
      mend: `df -h ${quote(folder)}`,
    })
  return backup
}

/**
 * Runs `work`, which may change what `touched` names and nothing else; if it throws, that is put back
 * as it was, whichever step it failed in. Undoing is not interrupted. Where it fails itself, what was
 * saved is kept, and the command is told that puts it back.
 */
export async function transaction(
  touched: () => Touched,
  output: Output,
  work: () => Promise<void>,
): Promise<void> {
  const folder = scratchFolder()
  let isNeeded = false
  try {
    const before = touched()
    const folders = [...before.paths.map(dirname), ...(before.folders ?? [])]
    const newFolders = [...new Set(folders.flatMap(absent))].sort().reverse()
    const backup = await save(before.paths.filter(isThere), folder)
    try {
      await work()
    } catch (error) {
      isNeeded = backup !== undefined
      output.say('Putting back what was there before.')
      const now = touchedNow(touched, before)
      const paths = [...new Set([...before.paths, ...now.paths])].filter(isThere)
      const releases = [...new Set([...before.releases, ...now.releases])]
      const failed = await runAnyway(undoCommands(paths, newFolders, backup))
      for (const line of failed) output.warn(`Could not undo: ${line}`)
      isNeeded = failed.length > 0 && backup !== undefined
      if (isNeeded && backup) {
        output.warn(`What was there before is kept in ${backup}. This puts it back:`)
        output.warn(`  ${show(root('tar', '-C', '/', '-xpf', backup))}`)
      }
      const isUndone = (await listAnew(releases, output)) && failed.length === 0
      throw interruption.aborted && isUndone ? undone() : error
    }
  } finally {
    if (!isNeeded) rmSync(folder, { recursive: true, force: true })
  }
}
