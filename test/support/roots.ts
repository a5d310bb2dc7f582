import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { exec, type Result } from '../../scripts/run/exec.ts'
import { cache, cached } from './cache.ts'
import { mirrors } from './mirror.ts'

/** A Debian root to be made once and kept: what it is made of is its name in the cache. */
export interface RootSpec {
  suite: 'bullseye' | 'bookworm' | 'trixie'
  security?: boolean
  backports?: boolean
  /** Another architecture whose packages may come along; their programs would not run everywhere. */
  foreign?: 'i386'
  packages: string[]
  /** Shell commands for inside, once the packages are there. */
  afterwards?: string
}

/** The newest headers of a kernel series, whatever point release the suite has today. */
const newestHeaders = (series: string) =>
  `apt-get install -y -q --no-install-recommends $(apt-cache pkgnames linux-headers-${series}. |
    grep -E '^linux-headers-[0-9.]+\\+deb13-amd64$' | sort -V | tail -n 1)`

/** The kernels' own packages beside their headers, unpacked into /image: vmlinuz and all modules. */
const images = `apt-get update -q
mkdir /image /tmp/image
cd /tmp/image
for r in $(ls /lib/modules); do
  for p in linux-image-$r linux-binary-$r linux-modules-$r; do
    ! apt-cache show $p >/dev/null 2>&1 || apt-get download -q $p
  done
done
for deb in *.deb; do dpkg-deb -x $deb /image; done
[ -e /image/lib ] || ln -s usr/lib /image/lib
for r in $(ls /lib/modules); do depmod -b /image $r; done
rm -rf /tmp/image`

const kbuild = ['gcc', 'make', 'kmod', 'sparse', 'xz-utils', 'dkms', 'linux-headers-amd64']
const node = ['nodejs', 'npm', 'ca-certificates']

export const specs = {
  'kernel-5.10': { suite: 'bullseye', security: true, packages: kbuild, afterwards: images },
  'kernel-6.1': { suite: 'bookworm', packages: kbuild, afterwards: images },
  'kernel-6.1-i386': {
    suite: 'bookworm',
    foreign: 'i386',
    packages: [
      ...kbuild.filter((name) => !name.startsWith('linux-')),
      'linux-headers-686-pae:i386',
    ],
  },
  'kernel-6.12-7.2-7.3': {
    suite: 'trixie',
    backports: true,
    packages: kbuild,
    afterwards: `apt-get update -q\n${newestHeaders('7.2')}\n${newestHeaders('7.3')}\n${images}`,
  },
  /** QEMU with vfio-user-pci, and what guests' initramfs and disks are made of. */
  qemu: {
    suite: 'trixie',
    backports: true,
    packages: [
      ...['gcc', 'libc6-dev', 'make', 'kmod', 'busybox-static', 'kexec-tools'],
      ...['cpio', 'e2fsprogs', 'xz-utils', 'zstd'],
    ],
    afterwards:
      'apt-get update -q\napt-get install -y -q -t trixie-backports --no-install-recommends qemu-system-x86 seabios',
  },
  /** What a machine with Secure Boot begins with, and what enrols a key in its firmware. */
  'secure-boot': {
    suite: 'trixie',
    packages: ['ovmf', 'shim-signed', 'grub-efi-amd64-signed', 'python3-virt-firmware', 'openssl'],
  },
  /** What makes packages, checks them and serves them. */
  package: {
    suite: 'trixie',
    backports: true,
    packages: [
      ...['build-essential', 'debhelper', 'dkms', 'lintian', 'apt-utils', 'gnupg'],
      ...[
        'rpm',
        'rpmlint',
        'createrepo-c',
        'makepkg',
        'pacman-package-manager',
        'libarchive-tools',
        'shellcheck',
        'faketime',
      ],
      ...['openssl', 'softhsm2', 'pkcs11-provider', 'xz-utils', 'zstd'],
      ...['nodejs', 'ca-certificates', 'linux-headers-amd64'],
    ],
  },
  /**
   * A disk for guests: Node, a language that is not English, and time daemons. Debian takes two of
   * those for a conflict, and they are not run at the same time here.
   */
  node: {
    suite: 'trixie',
    packages: [
      ...['nodejs', 'kmod', 'sudo', 'locales', 'util-linux-locales', 'mokutil'],
      ...['chrony', 'linuxptp', 'systemd'],
    ],
    afterwards: `localedef -i de_DE -f UTF-8 de_DE.UTF-8
useradd -m guest
useradd -m admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
useradd -r systemd-timesync
cd /tmp
apt-get update -q
apt-get download -q systemd-timesyncd
dpkg -x systemd-timesyncd_*.deb /
rm systemd-timesyncd_*.deb`,
  },
  /** A Debian 13 that boots, can build and keeps time: systemd, udev, dkms, its default kernel, chrony. */
  debian: {
    suite: 'trixie',
    backports: true,
    packages: [
      ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'linux-image-amd64', 'initramfs-tools'],
      ...['dkms', 'gcc', 'make', 'linux-headers-amd64', 'chrony', 'nodejs', 'rpm'],
    ],
  },
  /** A fresh Debian 13 with its own Node and nothing else. */
  fresh: { suite: 'trixie', packages: node },
  /** The same once dkms, a compiler and the default kernel's headers are there. */
  dkms: {
    suite: 'trixie',
    backports: true,
    packages: [...node, 'dkms', 'gcc', 'make', 'kmod', 'linux-headers-amd64'],
  },
} satisfies Record<string, RootSpec>

async function must(argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await exec({ argv })
  if (status !== 0)
    throw new Error(`${argv.join(' ')}: ${status}\n${stdout}\n${stderr}`.slice(-4000))
  return stdout
}

async function sources(spec: RootSpec): Promise<string[]> {
  const { main, security } = await mirrors()
  return [
    `deb ${main} ${spec.suite} main`,
    ...(spec.security ? [`deb ${security} ${spec.suite}-security main`] : []),
    ...(spec.backports ? [`deb ${main} ${spec.suite}-backports main`] : []),
  ]
}

/** A network for the inside: resolver, hosts and certificates of this machine. */
function lendNetwork(folder: string): void {
  mkdirSync(join(folder, 'etc/ssl/certs'), { recursive: true })
  for (const file of ['etc/resolv.conf', 'etc/hosts', 'etc/ssl/certs/ca-certificates.crt'])
    if (existsSync(`/${file}`)) copyFileSync(`/${file}`, join(folder, file))
}

async function make(spec: RootSpec, folder: string): Promise<void> {
  await must([
    'mmdebstrap',
    '--variant=minbase',
    ...(spec.foreign ? [`--architectures=amd64,${spec.foreign}`] : []),
    `--include=${spec.packages.join(',')}`,
    spec.suite,
    folder,
    ...(await sources(spec)),
  ])
  lendNetwork(folder)
  if (spec.afterwards) await must(['chroot', folder, 'sh', '-ec', spec.afterwards])
}

/** The folder of a kept root, made if it is not there yet. */
export function baseRoot(name: keyof typeof specs): Promise<string> {
  const spec: RootSpec = specs[name]
  return cached(`roots/${name}`, JSON.stringify(spec), (folder) => make(spec, folder))
}

const inside = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
  NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
}

/** A throw-away copy of a kept root, with /proc, /sys and /dev. */
export class Root {
  private constructor(
    private readonly work: string,
    readonly folder: string,
  ) {}

  static async of(name: keyof typeof specs): Promise<Root> {
    const base = await baseRoot(name)
    mkdirSync(join(cache, 'work'), { recursive: true })
    const work = mkdtempSync(join(cache, 'work', `${name}-`))
    const folder = join(work, 'root')
    for (const part of ['root', 'upper', 'work']) mkdirSync(join(work, part))
    const layers = `lowerdir=${base},upperdir=${join(work, 'upper')},workdir=${join(work, 'work')}`
    await must(['mount', '-t', 'overlay', 'overlay', '-o', layers, folder])
    await must(['mount', '-t', 'proc', 'proc', join(folder, 'proc')])
    await must(['mount', '-t', 'sysfs', 'sysfs', join(folder, 'sys')])
    for (const device of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kvm'])
      if (existsSync(`/dev/${device}`))
        await must(['cp', '-a', `/dev/${device}`, join(folder, 'dev')])
    lendNetwork(folder)
    return new Root(work, folder)
  }

  /** The words that run a program inside. */
  words(words: readonly string[], user?: string): string[] {
    const env = Object.entries(inside).map(([name, value]) => `${name}=${value}`)
    return [
      'chroot',
      ...(user ? [`--userspec=${user}`] : []),
      this.folder,
      'env',
      '-i',
      ...env,
      ...words,
    ]
  }

  /** Runs a program inside. */
  run(words: readonly string[], user?: string): Promise<Result> {
    return exec({ argv: this.words(words, user) })
  }

  /** Runs shell commands inside; throws where one fails. */
  async sh(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(['sh', '-ec', script])
    if (status !== 0) throw new Error(`${script}: ${status}\n${stdout}\n${stderr}`.slice(-4000))
    return stdout
  }

  /** Shows its files, without /proc and /sys, in a folder elsewhere. */
  async showIn(folder: string): Promise<void> {
    await must(['mount', '--bind', this.folder, folder])
  }

  /** Shows a folder from elsewhere, not to be written. */
  async showFolder(folder: string, target: string): Promise<void> {
    await this.sh(`mkdir -p ${target}`)
    await must(['mount', '--bind', '-o', 'ro', folder, join(this.folder, target)])
  }

  /** Shows a file from elsewhere, not to be written. */
  async bindFile(file: string, target: string): Promise<void> {
    await this.sh(`touch ${target}`)
    await must(['mount', '--bind', '-o', 'ro', file, join(this.folder, target)])
  }

  /** Copies a file in, with its holes. */
  async copyIn(file: string, target: string): Promise<void> {
    await must(['cp', '--sparse=always', file, join(this.folder, target)])
  }

  /** Starts a program inside, to be watched and interrupted. */
  start(words: readonly string[]): ChildProcess {
    const [program, ...rest] = this.words(words)
    return spawn(program as string, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Puts the packed package inside, as npm would unpack it. */
  async addPackage(tarball: string): Promise<void> {
    copyFileSync(tarball, join(this.folder, 'root/package.tgz'))
    await this.sh(
      'mkdir -p /opt/vmmci && tar -xzf /root/package.tgz -C /opt/vmmci --strip-components=1',
    )
  }

  /** The command, from the unpacked package. */
  cli(...words: string[]): Promise<Result> {
    return this.run([...command, ...words])
  }

  /** A second kernel: the headers of the first under another release, which kbuild takes as they are. */
  async addTwin(release: string, twin: string): Promise<void> {
    await this.sh(`
      mkdir -p /lib/modules/${twin} /opt/headers-${twin}
      cp -R $(readlink -f /lib/modules/${release}/build)/. /opt/headers-${twin}
      echo ${twin} > /opt/headers-${twin}/include/config/kernel.release
      echo '#define UTS_RELEASE "${twin}"' > /opt/headers-${twin}/include/generated/utsrelease.h
      ln -s /opt/headers-${twin} /lib/modules/${twin}/build`)
  }

  /** Every path that an installation could change, with what tells a change. */
  state(): Promise<string> {
    return this.sh(
      `find /usr/src /var/lib/dkms /lib/modules /etc /run/lock /tmp /var/tmp \\
        -not -path '/usr/src/linux-*' -not -name 'modules.*' -not -name 'mok.*' \\
        -not -path '/lib/modules/*/kernel/*' -printf '%p %y %m %l ' \\
        \\( -type f -printf '%s' -o -true \\) -printf '\\n' | sort`,
    )
  }

  /** What is not as it was: lines of state() that came or went. */
  async changed(before: string): Promise<string[]> {
    const [was, is] = [before, await this.state()].map((text) => new Set(text.split('\n')))
    return [
      ...[...(is ?? [])].filter((line) => !was?.has(line)).map((line) => `+ ${line}`),
      ...[...(was ?? [])].filter((line) => !is?.has(line)).map((line) => `- ${line}`),
    ]
  }

  async dispose(): Promise<void> {
    await exec({ argv: ['umount', '-R', '-l', this.folder] })
    rmSync(this.work, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

export const command = ['node', '/opt/vmmci/dist/cli.js'] as const

/** The package as npm would publish it, packed once a run. */
export async function packedPackage(): Promise<string> {
  packed ??= pack()
  return packed
}

let packed: Promise<string> | undefined

async function pack(): Promise<string> {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'packed-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const out = await exec({
    argv: ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    cwd: home,
  })
  const name = out.stdout.trim().split('\n').at(-1)
  if (out.status !== 0 || !name) throw new Error(out.stderr)
  return join(folder, name)
}
