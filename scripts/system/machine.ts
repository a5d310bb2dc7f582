import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type OsRelease, parseOsRelease } from '../install/packages.ts'

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

/** /etc/os-release, or the one in /usr/lib (os-release(5)). */
export function readOsRelease(root = ''): OsRelease {
  const text = read(join(root, '/etc/os-release')) ?? read(join(root, '/usr/lib/os-release'))
  return parseOsRelease(text ?? '')
}

/** Devices whose modalias begins as the pattern does, as their sysfs paths. */
export function findDevices(pattern: string, root = ''): string[] {
  const bus = basename(pattern.split(':')[0] ?? '')
  const prefix = pattern.replace(/\*$/, '')
  const folder = join(root, '/sys/bus', bus, 'devices')
  return list(folder)
    .filter((name) => read(join(folder, name, 'modalias'))?.startsWith(prefix))
    .map((name) => `/sys/bus/${bus}/devices/${name}`)
}

/** Devices bound to a driver, given as BUS/DRIVER. */
export function boundDevices(driver: string, root = ''): string[] {
  const [bus, name] = driver.split('/')
  const folder = join(root, '/sys/bus', bus ?? '', 'drivers', name ?? '')
  return list(folder).filter((entry) => existsSync(join(folder, entry, 'modalias')))
}

/** Paths that are there; * stands for any part of one name. */
export function findSysfs(path: string, root = ''): string[] {
  let found = [root || '/']
  for (const part of path.split('/').filter(Boolean)) {
    const name = new RegExp(
      `^${part
        .split('*')
        .map((p) => p.replace(/[.+]/g, '\\$&'))
        .join('.*')}$`,
    )
    found = found.flatMap((at) =>
      part.includes('*')
        ? list(at)
            .filter((entry) => name.test(entry))
            .map((entry) => join(at, entry))
        : [join(at, part)],
    )
  }
  return found.filter((file) => existsSync(file))
}

/** The contents of a sysfs file; * stands for any part of one name. Undefined where none can be read. */
export function readSysfs(path: string, root = ''): string | undefined {
  for (const file of findSysfs(path, root)) {
    const text = read(file)
    if (text !== undefined) return text
  }
  return undefined
}

/** What stands between an unsigned module and the kernel. */
export interface Enforcement {
  /** UEFI Secure Boot; undefined where the machine has no UEFI, as under vmd. */
  secureBoot?: boolean
  /** The kernel refuses modules it cannot verify. */
  enforced: boolean
  /** none, integrity or confidentiality; undefined without the lockdown LSM. */
  lockdown?: string
}

/** The same, as people are told. */
export function showEnforcement({ secureBoot, enforced, lockdown }: Enforcement): string {
  if (secureBoot === undefined && !enforced)
    return 'no Secure Boot and no enforcement: nothing needs doing'
  const firmware = secureBoot === undefined ? 'none' : secureBoot ? 'on' : 'off'
  const rule = enforced ? 'only signed modules' : 'no enforcement'
  return `Secure Boot ${firmware}, lockdown ${lockdown ?? 'none'}, ${rule}`
}

const secureBootVariable = 'SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'

export function readEnforcement(root = ''): Enforcement {
  const file = join(root, '/sys/firmware/efi/efivars', secureBootVariable)
  const secureBoot = existsSync(file) ? readFileSync(file).at(-1) === 1 : undefined
  const lockdown = /\[(\w+)\]/.exec(read(join(root, '/sys/kernel/security/lockdown')) ?? '')?.[1]
  const enforced =
    read(join(root, '/sys/module/module/parameters/sig_enforce')) === 'Y' ||
    (lockdown !== undefined && lockdown !== 'none')
  return {
    enforced,
    ...(secureBoot !== undefined && { secureBoot }),
    ...(lockdown && { lockdown }),
  }
}

/** Free bytes for an ordinary user where a path is, or would be. */
export function freeSpace(path: string): number {
  let at = path
  while (!existsSync(at)) at = dirname(at)
  const { bavail, bsize } = statfsSync(at)
  return bavail * bsize
}
