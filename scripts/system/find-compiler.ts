import semver from 'semver'
import { ask, which } from '../run/exec.ts'
import { type Built, type Compiler, compilerNames } from './compiler.ts'

/**
 * The compiler for modules of these headers: the one that built the kernel, under the name that it
 * had then, or else the system's own of the same kind. Undefined where there is none.
 */
export async function findCompiler(headers: Built): Promise<Compiler | undefined> {
  const name = compilerNames(headers).find(which)
  if (!name) return undefined
  const answer = await ask([name, '-dumpfullversion', '-dumpversion'])
  return { name, version: semver.coerce(answer)?.version ?? '0.0.0' }
}
