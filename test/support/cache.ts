import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vmmci-dkms')

const made = new Map<string, Promise<string>>()

async function makeOnce(folder: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const partial = mkdtempSync(join(cache, 'making-'))
  try {
    await fill(partial)
    renameSync(partial, folder)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Another test process made the same one meanwhile, and that is as good.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** A folder in the cache, made once; what it is made of is a part of its name. */
export function cached(
  name: string,
  ingredients: string | Buffer,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(ingredients).digest('hex').slice(0, 12)
  const folder = join(cache, `${name}-${hash}`)
  const making = made.get(folder) ?? makeOnce(folder, fill)
  made.set(folder, making)
  return making
}
