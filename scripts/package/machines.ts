/** What Node (os.arch), a kernel (uname -m), dpkg, rpm and pacman call a machine; others have one name. */
interface Machine {
  node: string
  kernel: string
  deb: string
  rpm: string
  pacman: string
}

const known: Machine[] = [
  { node: 'x64', kernel: 'x86_64', deb: 'amd64', rpm: 'x86_64', pacman: 'x86_64' },
  { node: 'ia32', kernel: 'i686', deb: 'i386', rpm: 'i686', pacman: 'i686' },
  { node: 'arm64', kernel: 'aarch64', deb: 'arm64', rpm: 'aarch64', pacman: 'aarch64' },
  { node: 'arm', kernel: 'armv7l', deb: 'armhf', rpm: 'armv7hl', pacman: 'armv7h' },
  { node: 'ppc64', kernel: 'ppc64le', deb: 'ppc64el', rpm: 'ppc64le', pacman: 'powerpc64le' },
]

/** A machine, by what Node or a kernel calls it. */
export function machineOf(by: 'node' | 'kernel', name: string): Machine {
  const same = { node: name, kernel: name, deb: name, rpm: name, pacman: name }
  return known.find((machine) => machine[by] === name) ?? same
}
