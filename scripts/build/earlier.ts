import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { findCompiler } from '../system/find-compiler.ts'
import type { Kernel } from '../system/kernels.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { buildCommands } from './commands.ts'
import { readLog, writeLog } from './logs.ts'
import { sourceTree } from './source-tree.ts'
import { verifyModule } from './verify.ts'

/** A digest of all that a build is made from: the sources, the headers, the compiler, and what make is told. */
export async function ingredients(
  project: Project,
  kernel: Kernel,
  extra: string[],
): Promise<string> {
  const hash = createHash('sha256')
  for (const [path, content] of sourceTree(project)) hash.update(`${path}\n`).update(content)
  const { folder = '' } = kernel.headers
  for (const name of ['.config', 'Module.symvers', 'include/generated/utsrelease.h']) {
    const file = join(folder, name)
    // Headers of the same release that are put there anew may be others.
    if (existsSync(file)) hash.update(`${file} ${statSync(file).mtimeMs} ${statSync(file).size}\n`)
  }
  const commands = await buildCommands(project, kernel, '/', 1, extra)
  return hash
    .update(JSON.stringify([await findCompiler(kernel.headers), commands, project.modules]))
    .digest('hex')
}

const stamp = (target: string) => join(target, '.built-from')

/** Says, beside what a build has made, of what that was. */
export const keepIngredients = (target: string, digest: string): void =>
  writeLog(stamp(target), digest)

/** What an earlier build made of the same ingredients; undefined where it has to be built. */
export async function builtAlready(
  project: Project,
  kernel: Kernel,
  target: string,
  digest: string,
): Promise<ModuleInfo[] | undefined> {
  if (readLog(stamp(target)) !== digest) return undefined
  try {
    return await Promise.all(
      fileNames(project).map((name) =>
        verifyModule(project, kernel, join(target, `${name}.ko`), 'build'),
      ),
    )
  } catch {
    return undefined
  }
}
