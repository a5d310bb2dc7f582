import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where temporary files go that shall outlive the run: a failed build's log. */
export const outlasting = tmpdir()

/**
 * Runs `work` with a temporary folder of its own, which goes with it: compilers that were ended leave
 * files behind. gcc and dkms follow TMPDIR, and so does os.tmpdir; not for apt, whose own user has to
 * reach it.
 */
export async function inScratch<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR
  const folder = mkdtempSync(join(tmpdir(), 'vmmci-dkms-'))
  process.env.TMPDIR = folder
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
