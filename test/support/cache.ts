import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cache } from './place.ts'
import { took } from './times.ts'

export { cache }

const made = new Map<string, Promise<string>>()

async function makeOnce(folder: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const partial = mkdtempSync(join(cache, 'making-'))
  const name = folder.slice(cache.length + 1).replace(/-\w{12}$/, '')
  const start = Date.now()
  console.log(`.. ${''.padStart(6)}    making ${name}`)
  try {
    await fill(partial)
    renameSync(partial, folder)
    console.log(`ok ${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  made ${name}`)
    took('made', name, start)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Another test process made the same one meanwhile, and that is as good.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** A folder of the cache: what it is made of is a part of its name. */
export function cacheFolder(name: string, ingredients: string | Buffer): string {
  const hash = createHash('sha256').update(ingredients).digest('hex').slice(0, 12)
  return join(cache, `${name}-${hash}`)
}

/** A folder in the cache, made once; what it is made of is a part of its name. */
export function cached(
  name: string,
  ingredients: string | Buffer,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = cacheFolder(name, ingredients)
  const making = made.get(folder) ?? makeOnce(folder, fill)
  made.set(folder, making)
  return making
}
