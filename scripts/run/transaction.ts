import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from './exec.ts'
import { exec, show } from './exec.ts'
import { Failure } from './failure.ts'
import type { Output } from './output.ts'
import { runAnyway } from './steps.ts'

const root = (...argv: string[]): Command => ({ argv, root: true })
const relative = (path: string) => path.slice(1)

/** The folders above a path that are not there, the deepest first. */
function absentParents(path: string): string[] {
  const parent = dirname(path)
  return existsSync(parent) ? [] : [parent, ...absentParents(parent)]
}

/** What puts paths back as a tar file has them: those that were not there go, and their new folders. */
export function undoCommands(
  paths: string[],
  newFolders: string[],
  backup: string | undefined,
  releases: string[],
): Command[] {
  return [
    root('rm', '-rf', ...paths),
    ...newFolders.map((folder): Command => ({ ...root('rmdir', folder), optional: true })),
    ...(backup ? [root('tar', '-C', '/', '-xpf', backup)] : []),
    ...releases.map((release): Command => ({ ...root('depmod', release), optional: true })),
  ]
}

/**
 * Runs `work`, which may change the given paths and nothing else; if it throws, they are put back as
 * they were, whichever step it failed in.
 */
export async function transaction(
  paths: string[],
  releases: string[],
  output: Output,
  work: () => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vmmci-dkms-'))
  try {
    const before = paths.filter((path) => existsSync(path))
    const newFolders = [...new Set(paths.flatMap(absentParents))].sort().reverse()
    const backup = before.length > 0 ? join(folder, 'before.tar') : undefined
    if (backup) {
      const save = root('tar', '-C', '/', '-cpf', backup, ...before.map(relative))
      const { status, stderr } = await exec(save)
      if (status !== 0)
        throw new Failure('space', 'What is installed now could not be saved first.', {
          details: [show(save), stderr.trim()],
          mend: `df -h ${folder}`,
        })
    }
    try {
      await work()
    } catch (error) {
      output.say('Putting back what was there before.')
      await runAnyway(undoCommands(paths, newFolders, backup, releases), output)
      throw error
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
