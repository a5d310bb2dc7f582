import semver from 'semver'
import { ask, which } from '../run/exec.ts'
import type { Headers } from './kernels.ts'

export interface Compiler {
  /** As it is called: gcc-14, gcc, clang. */
  name: string
  version: string
}

/**
 * The compiler that kbuild will call for these headers: the one that built the kernel, under the name
 * that CONFIG_CC_VERSION_TEXT gives, or else gcc. Undefined where there is none.
 */
export async function findCompiler(headers: Headers): Promise<Compiler | undefined> {
  const names = [...new Set([headers.compiler, 'gcc'].filter((name) => name !== undefined))]
  const name = names.find(which)
  if (!name) return undefined
  const answer = await ask([name, '-dumpfullversion', '-dumpversion'])
  return { name, version: semver.coerce(answer)?.version ?? '0.0.0' }
}

export type CompilerFit = 'same' | 'newer' | 'older' | 'unknown'

/** Compares with the compiler that built the kernel, by major version: kbuild's options follow that. */
export function compilerFit(compiler: Compiler, headers: Headers): CompilerFit {
  if (!headers.compilerVersion) return 'unknown'
  const own = semver.major(compiler.version)
  const kernels = semver.major(headers.compilerVersion)
  if (own === kernels) return 'same'
  return own < kernels ? 'older' : 'newer'
}
