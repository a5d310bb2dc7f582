import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import semver from 'semver'
import { Failure } from '../run/failure.ts'
import { type KernelConfig, parseKernelConfig } from './kernel-config.ts'

/** What stands between a kernel and a build for it. */
export type HeadersState =
  | 'ok'
  | 'absent'
  | 'dangling'
  | 'incomplete'
  | 'mismatch'
  | 'stale'
  | 'foreign'

export interface Headers extends KernelConfig {
  state: HeadersState
  /** The folder that /lib/modules/RELEASE/build leads to. */
  folder?: string
  /** Files that should be there and are not. */
  missing: string[]
  /** Architecture the headers were configured for, as uname -m says it. */
  architecture?: string
  /** Kernel release the headers belong to. */
  release?: string
  /** The one that modules would be marked with. */
  utsRelease?: string
}

export interface Kernel {
  release: string
  version: string
  running: boolean
  /** /lib/modules/RELEASE is there. */
  installed: boolean
  /** Its own modules are there too, not only some that were left over. */
  bootable: boolean
  headers: Headers
}

/**
 * A kernel release as uname -r, dkms and the packages write them. Anything else, a slash or a shell's
 * own characters above all, is no kernel release.
 */
export function checkRelease(release: string): string {
  if (!/^\d+\.\d+[A-Za-z0-9._+~-]*$/.test(release) || release.includes('..'))
    throw new Failure('kernel', `${JSON.stringify(release)} is not a kernel release.`, {
      mend: 'ls /lib/modules',
    })
  return release
}

export const runningRelease = (): string => os.release()
export const machine = (): string => os.machine()

/** i386 to i686 are one architecture to kbuild and dkms. */
export function sameArchitecture(a: string, b: string): boolean {
  const plain = (name: string) => name.replace(/^i[3-6]86$/, 'i686')
  return plain(a) === plain(b)
}

const architectureOptions: Record<string, string> = {
  CONFIG_X86_64: 'x86_64',
  CONFIG_X86_32: 'i686',
  CONFIG_ARM64: 'aarch64',
  CONFIG_ARM: 'armv7l',
  CONFIG_RISCV: 'riscv64',
  CONFIG_PPC64: 'ppc64le',
  CONFIG_S390: 's390x',
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** What a build takes from the headers before it compiles anything. */
function neededFiles(options: Set<string>): string[] {
  const objtool = options.has('CONFIG_OBJTOOL') || options.has('CONFIG_STACK_VALIDATION')
  return [
    ...['Makefile', '.config', 'Module.symvers', 'scripts/basic/fixdep', 'scripts/mod/modpost'],
    ...(objtool ? ['tools/objtool/objtool'] : []),
  ]
}

/** Looks at a kernel's headers as kbuild will: through /lib/modules/RELEASE/build. */
export function readHeaders(release: string, architecture: string, root = ''): Headers {
  const build = join(root, '/lib/modules', release, 'build')
  const nothing: Headers = { state: 'absent', missing: [], options: new Set() }
  if (!existsSync(build)) return { ...nothing, state: isLink(build) ? 'dangling' : 'absent' }

  const folder = realpathSync(build)
  const config = parseKernelConfig(readText(join(folder, '.config')))
  const { options } = config
  const missing = neededFiles(options).filter((file) => !existsSync(join(folder, file)))
  const own = Object.entries(architectureOptions).find(([option]) => options.has(option))?.[1]
  const headersRelease = readText(join(folder, 'include/config/kernel.release')).trim()
  const utsRelease = /UTS_RELEASE "(.*)"/.exec(
    readText(join(folder, 'include/generated/utsrelease.h')),
  )?.[1]
  const headers: Headers = {
    state: 'ok',
    folder,
    missing,
    ...config,
    ...(own && { architecture: own }),
    ...(headersRelease && { release: headersRelease }),
    ...(utsRelease && { utsRelease }),
  }
  if (missing.length > 0) headers.state = 'incomplete'
  else if (own && !sameArchitecture(own, architecture)) headers.state = 'foreign'
  else if (utsRelease === release) headers.state = 'ok'
  // Of Debian 11's headers kernel.release is 5.10.262, and only the other one is their kernel's.
  else if (headersRelease && headersRelease !== release) headers.state = 'mismatch'
  else if (utsRelease) headers.state = 'stale'
  return headers
}

/** All that is known of one kernel. Throws a Failure for what is no kernel release. */
export const readKernel = (release: string, root = ''): Kernel =>
  describeKernel(checkRelease(release), root)

/** The same for the running kernel, whatever it is called: it need not be the one that is meant. */
export function describeKernel(release: string, root = ''): Kernel {
  return {
    release,
    version: semver.coerce(release)?.version ?? '0.0.0',
    running: release === runningRelease(),
    installed: existsSync(join(root, '/lib/modules', release)),
    bootable: existsSync(join(root, '/lib/modules', release, 'kernel')),
    headers: readHeaders(release, machine(), root),
  }
}

/** Installed kernels, the newest last. Folders that only hold left-over modules count as well. */
export function installedKernels(root = ''): Kernel[] {
  const folder = join(root, '/lib/modules')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d+\.\d+[A-Za-z0-9._+~-]*$/.test(name) && !name.includes('..'))
    .map((release) => readKernel(release, root))
    .sort(byAge)
}

/** Orders kernels by version, then by release with numbers compared as numbers. */
export function byAge(a: Kernel, b: Kernel): number {
  return (
    semver.compare(a.version, b.version) ||
    a.release.localeCompare(b.release, 'en', { numeric: true })
  )
}
