import { ask } from '../run/exec.ts'

/** The distribution's package that brought a file, if one did. */
export interface Owner {
  package: string
  manager: 'apt' | 'dnf' | 'zypper' | 'pacman'
}

/** Which package owns a path, by dpkg, rpm or pacman, whichever is there. */
export async function findOwner(path: string): Promise<Owner | undefined> {
  const deb = await ask(['dpkg-query', '-S', path])
  if (deb) return { package: deb.split(':')[0] ?? deb, manager: 'apt' }
  const rpm = await ask(['rpm', '-qf', '--qf', '%{NAME}', path])
  if (rpm) return { package: rpm, manager: (await ask(['zypper', '--version'])) ? 'zypper' : 'dnf' }
  const arch = await ask(['pacman', '-Qqo', path])
  return arch ? { package: arch, manager: 'pacman' } : undefined
}
