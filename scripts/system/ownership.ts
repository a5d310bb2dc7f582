import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PackageManager } from '../install/packages.ts'
import { ask, which } from '../run/exec.ts'

/** The distribution's package that brought a file, if one did. */
export interface Owner {
  package: string
  /** With its release: what rpm and pacman name a package of one version by. */
  version?: string
  manager: PackageManager
}

/** "linux6.6-6.6.63_1: FILE (regular file)" of xbps; "FILE is owned by linux-virt-6.12.50-r0" of apk. */
export function splitNameVersion(text: string): { package: string; version: string } | undefined {
  const match = /(?:^|\s)(\S+)-(\d[^\s-]*(?:-r\d+)?)(?::|$)/m.exec(text)
  return match ? { package: match[1] as string, version: match[2] as string } : undefined
}

/** The names of a file: dpkg knows it by the one that its package has, where /lib is /usr/lib. */
export function namesOf(path: string, root = ''): string[] {
  const other = path.startsWith('/usr/') ? path.slice('/usr'.length) : `/usr${path}`
  try {
    const isSame =
      realpathSync(join(root, dirname(other))) === realpathSync(join(root, dirname(path)))
    return isSame ? [path, other] : [path]
  } catch {
    return [path]
  }
}

/** The package in what `dpkg-query -S` prints, beside who diverts the file. */
export const debianOwner = (text: string): string | undefined =>
  text
    .split('\n')
    .find((line) => !/^(local )?diversion /.test(line))
    ?.split(/[:,]/)[0]

/** Which package owns a path, by the package manager that is there. */
export async function findOwner(path: string): Promise<Owner | undefined> {
  for (const name of namesOf(path)) {
    const deb = debianOwner((await ask(['dpkg-query', '-S', name])) ?? '')
    if (deb) return { package: deb, manager: 'apt' }
  }
  // Where rpm has no database, asking it would make one: Debian's rpm comes with an empty folder.
  const hasRpms = ['/var/lib/rpm', '/usr/lib/sysimage/rpm'].some((folder) =>
    ['rpmdb.sqlite', 'Packages.db', 'Packages'].some((name) => existsSync(join(folder, name))),
  )
  const query = ['rpm', '-qf', '--qf', '%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\n', path]
  const rpm = hasRpms ? await ask(query) : undefined
  const [name, version] = rpm?.split('\n')[0]?.split(' ') ?? []
  if (name)
    return { package: name, version: version ?? '', manager: which('zypper') ? 'zypper' : 'dnf' }
  const arch = await ask(['pacman', '-Qqo', path])
  if (arch) {
    const own = (await ask(['pacman', '-Q', arch]))?.split(' ')[1]
    return { package: arch, manager: 'pacman', ...(own && { version: own }) }
  }
  const xbps = splitNameVersion((await ask(['xbps-query', '-o', path])) ?? '')
  if (xbps) return { ...xbps, manager: 'xbps' }
  const apk = splitNameVersion((await ask(['apk', 'info', '-W', path])) ?? '')
  return apk && { ...apk, manager: 'apk' }
}

/** Which package a kernel is from; undefined for one that somebody built here. */
export async function findKernelPackage(release: string): Promise<Owner | undefined> {
  for (const file of [
    `/boot/vmlinuz-${release}`,
    `/usr/lib/modules/${release}/vmlinuz`,
    `/lib/modules/${release}/vmlinuz`,
    `/lib/modules/${release}/modules.builtin`,
    `/usr/lib/modules/${release}/modules.builtin`,
  ]) {
    const owner = await findOwner(file)
    if (owner) return owner
  }
  return undefined
}
