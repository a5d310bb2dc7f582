import semver from 'semver'
import type { Distribution, PackageManager } from '../install/packages.ts'
import type { Headers } from './kernels.ts'

export interface Compiler {
  /** As it is called: gcc-14, gcc, clang. */
  name: string
  version: string
}

/** What of the headers a compiler is chosen by. */
export type Built = Pick<Headers, 'compiler' | 'compilerVersion'>

const isClang = ({ compiler }: Built): boolean => compiler === 'clang'

/**
 * What it may be called, the likeliest first. clang-19 where that is the kernel's own, else clang:
 * Debian has several beside each other.
 */
export function compilerNames(built: Built): string[] {
  if (!isClang(built)) return [...new Set([built.compiler ?? 'gcc', 'gcc'])]
  const major = built.compilerVersion && semver.major(built.compilerVersion)
  return [...(major ? [`clang-${major}`] : []), 'clang']
}

/**
 * What make is told of a compiler. A kernel that clang built takes what LLVM's tools make; an
 * LLVM of several versions is named with its suffix. gcc is what make calls anyway.
 */
export function compilerArguments({ name }: Compiler): string[] {
  const clang = /^clang(-\d+)?$/.exec(name)
  if (clang) return [`LLVM=${clang[1] ?? 1}`]
  return name === 'gcc' ? [] : [`CC=${name}`]
}

/** The packages that bring the compiler that built a kernel. */
export function compilerPackages(
  built: Built,
  manager: PackageManager,
  toolchain: Distribution['toolchain'],
): string[] {
  if (isClang(built)) return ['clang', 'lld', 'llvm', 'make']
  // With the machine's name before it, it is a program of the package without.
  const version = /(?:^|-)gcc-(\d+)$/.exec(built.compiler ?? '')?.[1]
  if (version && manager === 'apt') return [`gcc-${version}`, 'make']
  if (version && manager === 'zypper') return [`gcc${version}`, 'make']
  return toolchain
}

export type CompilerFit = 'same' | 'newer' | 'older' | 'unknown'

/** Compares with the compiler that built the kernel, by major version: kbuild's options follow that. */
export function compilerFit(compiler: Compiler, headers: Built): CompilerFit {
  if (!headers.compilerVersion) return 'unknown'
  const own = semver.major(compiler.version)
  const kernels = semver.major(headers.compilerVersion)
  if (own === kernels) return 'same'
  return own < kernels ? 'older' : 'newer'
}

/** Why a compiler cannot make modules for a kernel, as a sentence; undefined where it can. */
export function compilerProblem(
  { name, version }: Compiler,
  kernel: { release: string; headers: Built & Pick<Headers, 'options'> },
): string | undefined {
  const { compilerVersion, options } = kernel.headers
  const fit = compilerFit({ name, version }, kernel.headers)
  if (fit === 'older')
    return `${name} ${version} is older than the ${compilerVersion} that built kernel ${kernel.release}.`
  if (fit === 'newer' && options.has('CONFIG_GCC_PLUGINS'))
    return `Kernel ${kernel.release} has plugins for gcc ${compilerVersion}, and ${name} ${version} cannot load them.`
  return undefined
}
