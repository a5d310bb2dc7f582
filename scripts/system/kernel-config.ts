import semver from 'semver'

/** What a kernel's .config says of how it was built. */
export interface KernelConfig {
  /** The compiler's program: gcc-14, or clang. Kernels before 4.18 do not say. */
  compiler?: string
  compilerVersion?: string
  /** Options that are y or m, with their CONFIG_. */
  options: Set<string>
}

/** Whether an option is y or m; with ! before its name, whether it is neither. */
export const hasOption = ({ options }: Pick<KernelConfig, 'options'>, name: string): boolean =>
  name.startsWith('!') ? !options.has(name.slice(1)) : options.has(name)

/** 140200 to 14.2.0. */
function byNumber(config: string): string | undefined {
  const number = /^CONFIG_(?:GCC|CLANG)_VERSION=([1-9]\d{4,})$/m.exec(config)?.[1]
  return (
    number &&
    [number.slice(0, -4), number.slice(-4, -2), number.slice(-2)].map((n) => Number(n)).join('.')
  )
}

/**
 * A compiler in what it said of itself: "gcc-13 (SUSE Linux) 13.2.1 20230912 [revision 1]", but also
 * "Debian clang version 19.1.7 (3)". What is in brackets is not its version.
 */
function bySentence(text: string): Pick<KernelConfig, 'compiler' | 'compilerVersion'> {
  const plain = text.replaceAll(/\([^()]*\)/g, '').replaceAll(/\[[^[\]]*\]/g, '')
  const clang = /\bclang version (\S+)/.exec(plain)
  const compiler = clang ? 'clang' : plain.split(/\s+/)[0]
  const version = semver.coerce(clang?.[1] ?? plain.slice(compiler?.length))?.version
  return { ...(compiler && { compiler }), ...(version && { compilerVersion: version }) }
}

export function parseKernelConfig(config: string): KernelConfig {
  const options = new Set(
    [...config.matchAll(/^(CONFIG_\w+)=[ym]$/gm)].map((match) => match[1] as string),
  )
  const said = bySentence(/^CONFIG_CC_VERSION_TEXT="(.*)"$/m.exec(config)?.[1] ?? '')
  const compiler = options.has('CONFIG_CC_IS_CLANG') ? 'clang' : said.compiler
  const compilerVersion = byNumber(config) ?? said.compilerVersion
  return {
    options,
    ...(compiler && { compiler }),
    ...(compilerVersion && { compilerVersion }),
  }
}
