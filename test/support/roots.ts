import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { home } from '../../scripts/home.ts'
import { exec, type Result } from '../../scripts/run/exec.ts'
import { cache, cached, cacheFolder } from './cache.ts'
import { checkDocument } from './documents.ts'
import { mirrors } from './mirror.ts'

/** A Debian root to be made once and kept: what it is made of is its name in the cache. */
export interface RootSpec {
  /** What it is and what its layer takes on the disk, for the person who waits for it. */
  about: string
  mib: number
  /** The root that it is a layer on; a root without one is made from nothing. */
  on?: string
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

/** A kernel's own packages beside its headers, unpacked into /image: vmlinuz and all modules. */
const image = (series: string) => `mkdir /image /tmp/image
cd /tmp/image
r=$(ls /lib/modules | grep '^${series.replace('.', '[.]')}[.-]')
for p in linux-image-$r linux-binary-$r linux-modules-$r; do
  ! apt-cache show $p >/dev/null 2>&1 || apt-get download -q $p
done
for deb in *.deb; do dpkg-deb -x $deb /image; done
[ -e /image/lib ] || ln -s usr/lib /image/lib
depmod -b /image $r
rm -rf /tmp/image`

/**
 * A kernel that looks for its own faults, built from Debian's sources: what a guest needs, and
 * test/debug/NAME.config, and nothing else. Kconfig drops what it cannot have without a word, so it is looked for.
 */
const debugKernel = (name: string) => `cat > /tmp/wanted <<'END'
${['guest', name].map((part) => readFileSync(join(home, `test/debug/${part}.config`), 'utf8')).join('')}CONFIG_LOCALVERSION="-${name}"
END
cd /usr/src
tar -xf linux-source-*.tar.xz
rm linux-source-*.tar.xz
mv linux-source-* linux
cd linux
make -s KCONFIG_ALLCONFIG=/tmp/wanted allnoconfig
grep '^CONFIG_' /tmp/wanted | sort > /tmp/sorted
sort .config | comm -13 - /tmp/sorted | sed 's/^/Kconfig dropped /' > /tmp/dropped
cat /tmp/dropped
[ ! -s /tmp/dropped ]
make -s -j"$(nproc)" bzImage modules
r=$(make -s kernelrelease)
make -s INSTALL_MOD_PATH=/image modules_install
mkdir -p /image/boot "/lib/modules/$r"
cp arch/x86/boot/bzImage "/image/boot/vmlinuz-$r"
depmod -b /image "$r"
rm -f "/image/lib/modules/$r/build"
ln -s /usr/src/linux "/lib/modules/$r/build"
find . -name '*.o' ! -path './scripts/*' ! -path './tools/*' -delete
rm -rf vmlinux* Documentation drivers fs net sound samples arch/[!x]*`

/** What a kernel is built with. */
const kernelTools = {
  on: 'trixie',
  suite: 'trixie' as const,
  packages: [
    ...['gcc', 'libc6-dev', 'make', 'flex', 'bison', 'bc', 'libelf-dev', 'libssl-dev'],
    ...['xz-utils', 'zstd', 'kmod', 'python3-minimal', 'linux-source-6.12'],
  ],
}

/**
 * depmod reads each module of a kernel, which takes it longer than our build takes: where nothing boots
 * there are those that ours, or modules of others that are tried, have to do with.
 */
const fewModules = `find /lib/modules/*/kernel -name '*.ko*' |
  grep -vE '/(virtio|ptp|pps|hid|realtek|huawei)/' | xargs rm
for kernel in /lib/modules/*/kernel; do depmod "$(basename "$(dirname "$kernel")")"; done`

/** apt and rpm run what packages have to run by a PATH of their own, without ccache. */
const ccachePaths = `mkdir -p /etc/rpm
echo 'DPkg::Path "/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin";' > /etc/apt/apt.conf.d/ccache
echo '%_install_script_path /usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin' > /etc/rpm/macros.ccache`

const kbuild = ['gcc', 'make', 'kmod', 'sparse', 'xz-utils', 'dkms']
const headers = 'linux-headers-amd64'
const node = ['nodejs', 'npm', 'ca-certificates']

/** Each is a layer on another one where that has most of it: nothing is installed twice. */
export const specs = {
  bullseye: { about: 'Debian 11', mib: 136, suite: 'bullseye', security: true, packages: [] },
  bookworm: { about: 'Debian 12', mib: 130, suite: 'bookworm', packages: [] },
  trixie: { about: 'Debian 13', mib: 128, suite: 'trixie', packages: [] },
  'kernel-5.10': {
    about: 'Linux 5.10, its headers and dkms 2.8',
    mib: 864,
    on: 'bullseye',
    suite: 'bullseye',
    security: true,
    packages: [...kbuild, headers],
    afterwards: image('5.10'),
  },
  'kernel-6.1': {
    about: 'Linux 6.1, its headers and dkms 3.0',
    mib: 900,
    on: 'bookworm',
    suite: 'bookworm',
    packages: [...kbuild, headers],
    afterwards: image('6.1'),
  },
  'kernel-6.1-i386': {
    about: "Linux 6.1's headers for i386",
    mib: 300,
    on: 'bookworm',
    suite: 'bookworm',
    foreign: 'i386',
    packages: [...kbuild, 'linux-headers-686-pae:i386'],
  },
  /** dkms, a compiler and the default kernel's headers. */
  headers: {
    about: "a compiler, dkms 3.2 and Linux 6.12's headers",
    mib: 647,
    on: 'trixie',
    suite: 'trixie',
    backports: true,
    packages: [...kbuild, headers],
  },
  /** The same, where building is quick: for what is built a hundred times, and nothing boots. */
  quick: {
    about: "ccache, and few of Linux 6.12's modules",
    mib: 5,
    on: 'headers',
    suite: 'trixie',
    backports: true,
    packages: ['ccache'],
    afterwards: `${fewModules}\n${ccachePaths}`,
  },
  'kernel-6.12': {
    about: 'Linux 6.12',
    mib: 110,
    on: 'headers',
    suite: 'trixie',
    backports: true,
    packages: [],
    afterwards: image('6.12'),
  },
  'kernel-7.2': {
    about: 'Linux 7.2 and its headers',
    mib: 235,
    on: 'headers',
    suite: 'trixie',
    backports: true,
    packages: [],
    afterwards: `${newestHeaders('7.2')}\n${image('7.2')}`,
  },
  'kernel-7.3': {
    about: 'Linux 7.3 and its headers',
    mib: 235,
    on: 'headers',
    suite: 'trixie',
    backports: true,
    packages: [],
    afterwards: `${newestHeaders('7.3')}\n${image('7.3')}`,
  },
  'kernel-memory': {
    ...kernelTools,
    about: 'a Linux 6.12 that watches its memory and locks, built here',
    mib: 900,
    afterwards: debugKernel('memory'),
  },
  'kernel-races': {
    ...kernelTools,
    about: 'a Linux 6.12 that watches for data races, built here',
    mib: 900,
    afterwards: debugKernel('races'),
  },
  /** QEMU with vfio-user-pci, and what guests' initramfs and disks are made of. */
  qemu: {
    about: 'QEMU, and what guests are made with',
    mib: 451,
    on: 'trixie',
    suite: 'trixie',
    backports: true,
    packages: [
      ...['gcc', 'libc6-dev', 'make', 'kmod', 'busybox-static', 'kexec-tools'],
      ...['cpio', 'e2fsprogs', 'xz-utils', 'zstd'],
    ],
    afterwards:
      'apt-get install -y -q -t trixie-backports --no-install-recommends qemu-system-x86 seabios',
  },
  /** What a machine with Secure Boot begins with, and what enrols a key in its firmware. */
  'secure-boot': {
    about: 'UEFI, shim and GRUB',
    mib: 150,
    on: 'trixie',
    suite: 'trixie',
    packages: ['ovmf', 'shim-signed', 'grub-efi-amd64-signed', 'python3-virt-firmware', 'openssl'],
  },
  /** A fresh Debian 13 with its own Node and nothing else. */
  fresh: { about: 'Node and npm', mib: 240, on: 'trixie', suite: 'trixie', packages: node },
  /** The same once dkms, a compiler and the default kernel's headers are there. */
  dkms: {
    about: 'Node beside dkms and a compiler',
    mib: 240,
    on: 'quick',
    suite: 'trixie',
    backports: true,
    packages: node,
  },
  /** What makes packages, checks them and serves them. */
  package: {
    about: 'what makes packages and checks them',
    mib: 600,
    on: 'quick',
    suite: 'trixie',
    backports: true,
    packages: [
      ...['build-essential', 'debhelper', 'lintian', 'apt-utils', 'gnupg'],
      ...['rpm', 'rpmlint', 'createrepo-c', 'makepkg', 'pacman-package-manager'],
      ...['libarchive-tools', 'shellcheck', 'faketime'],
      ...['openssl', 'softhsm2', 'pkcs11-provider', 'zstd', 'nodejs', 'ca-certificates'],
    ],
  },
  /**
   * A disk for guests: Node, a language that is not English, and time daemons. Debian takes two of
   * those for a conflict, and they are not run at the same time here.
   */
  node: {
    about: 'Node and time daemons, for guests',
    mib: 281,
    on: 'trixie',
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
apt-get download -q systemd-timesyncd
dpkg -x systemd-timesyncd_*.deb /
rm systemd-timesyncd_*.deb`,
  },
  /** What Alpine boots by, of Debian's packages: busybox for init, OpenRC, nothing of systemd. */
  openrc: {
    about: 'busybox and OpenRC, as Alpine boots',
    mib: 20,
    on: 'trixie',
    suite: 'trixie',
    packages: ['busybox-static', 'openrc', 'kmod'],
  },
  /** A Debian 13 as its installer leaves it: it boots, and nothing can be built on it. */
  machine: {
    about: 'a Debian 13 as it is installed',
    mib: 330,
    on: 'trixie',
    suite: 'trixie',
    packages: ['systemd-sysv', 'udev', 'dbus', 'linux-image-amd64', 'initramfs-tools'],
  },
  /** A Debian 13 that boots, can build and keeps time: systemd, udev, dkms, its default kernel, chrony. */
  debian: {
    about: 'a Debian 13 that boots',
    mib: 450,
    on: 'headers',
    suite: 'trixie',
    backports: true,
    packages: [
      ...['systemd-sysv', 'udev', 'dbus', 'linux-image-amd64', 'initramfs-tools'],
      ...['chrony', 'nodejs', 'rpm', 'kexec-tools', 'pciutils'],
    ],
  },
} satisfies Record<string, RootSpec>

export type RootName = keyof typeof specs

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

const apt = 'apt-get install -y -q --no-install-recommends'

/**
 * What makes a layer of a root that is there: packages. They start no service (policy-rc.d), and make
 * no initramfs where nothing boots: Debian's headers bring their kernel along.
 */
const layerScript = (spec: RootSpec, lines: string[]) => `
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
cp /bin/true /usr/local/sbin/update-initramfs
echo '${lines.join('\n')}' > /etc/apt/sources.list
${spec.foreign ? `dpkg --add-architecture ${spec.foreign}` : ''}
apt-get update -q
${spec.packages.length > 0 ? `${apt} ${spec.packages.join(' ')}` : ''}
(${spec.afterwards ?? 'true'})
apt-get clean
rm -f /usr/sbin/policy-rc.d /usr/local/sbin/update-initramfs`

async function make(name: RootName, folder: string): Promise<void> {
  const spec: RootSpec = specs[name]
  const lines = await sources(spec)
  if (spec.on) {
    await using root = await Root.over(await layers(spec.on as RootName), name, folder)
    await root.sh(layerScript(spec, lines))
    return
  }
  const { work, shown } = await overlay([], name, folder)
  await must(['mmdebstrap', '--variant=minbase', spec.suite, shown, ...lines])
  lendNetwork(shown)
  await unmount(work, shown)
}

/**
 * Shows folders, the topmost first, as one; what is written goes into `upper`. Nothing is synced to
 * the disk (volatile), which dpkg asks for some thousand times: a machine that crashes loses a test's
 * root, or one that was being made.
 */
async function overlay(
  below: readonly string[],
  name: string,
  upper?: string,
): Promise<{ work: string; shown: string }> {
  mkdirSync(join(cache, 'work'), { recursive: true })
  const work = mkdtempSync(join(cache, 'work', `${name}-`))
  const [shown, nothing, own, internal] = ['root', 'nothing', 'upper', 'work'].map((part) => {
    mkdirSync(join(work, part))
    return join(work, part)
  }) as [string, string, string, string]
  const lower = below.length > 0 ? below.join(':') : nothing
  const options = `volatile,lowerdir=${lower},upperdir=${upper ?? own},workdir=${internal}`
  await must(['mount', '-t', 'overlay', 'overlay', '-o', options, shown])
  return { work, shown }
}

async function unmount(work: string, shown: string): Promise<void> {
  await exec({ argv: ['umount', '-R', '-l', shown] })
  rmSync(work, { recursive: true, force: true })
}

/** What a root and all that it is a layer on are made of, for its name in the cache. */
function ingredients(name: RootName): unknown[] {
  const spec: RootSpec = { ...specs[name], about: '', mib: 0 }
  return spec.on ? [spec, layerScript(spec, []), ...ingredients(spec.on as RootName)] : [spec]
}

const recipe = (name: RootName) => [`roots/${name}`, JSON.stringify(ingredients(name))] as const

/** The folder of a kept root's own layer, made if it is not there yet. */
export function baseRoot(name: RootName): Promise<string> {
  return cached(...recipe(name), (folder) => make(name, folder))
}

/** The same folder, whether it is there or not. */
export const rootFolder = (name: RootName): string => cacheFolder(...recipe(name))

/** Roots with all that they are layers on, each once. */
export function closure(names: readonly RootName[]): RootName[] {
  const below = names.flatMap((name) => {
    const { on }: RootSpec = specs[name]
    return on ? closure([on as RootName]) : []
  })
  return [...new Set([...below, ...names])]
}

/** The folders that an overlay shows as a kept root, the topmost first. */
async function layers(name: RootName): Promise<string[]> {
  const { on }: RootSpec = specs[name]
  const below = on ? await layers(on as RootName) : []
  return [await baseRoot(name), ...below]
}

/** Where node writes which lines it ran, if somebody asks (test/coverage.ts). */
const coverage = process.env.NODE_V8_COVERAGE

/** The same sources are built some hundred times, by the compiler once; CCACHE_DISABLE is ccache's own. */
const ccache = join(cache, 'ccache')
const { CCACHE_DISABLE } = process.env

const inside = {
  ...(coverage && { NODE_V8_COVERAGE: '/coverage' }),
  ...(CCACHE_DISABLE ? { CCACHE_DISABLE } : { CCACHE_DIR: '/ccache', CCACHE_UMASK: '000' }),
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
  NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
}

/** Shows a folder of this machine's in a root, for whoever writes there. */
async function share(root: string, name: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o1777)
  mkdirSync(join(root, name), { recursive: true })
  await must(['mount', '--bind', folder, join(root, name)])
}

/** A throw-away copy of a kept root, with /proc, /sys and /dev. */
export class Root {
  private constructor(
    private readonly work: string,
    readonly folder: string,
  ) {}

  /** With what `besides` have on top of the same layers; dpkg there knows only of its own. */
  static async of(name: RootName, ...besides: RootName[]): Promise<Root> {
    const [own, ...below] = (await layers(name)) as [string, ...string[]]
    const more = (await Promise.all(besides.map(layers))).flat()
    const between = more.filter((layer) => !below.includes(layer))
    const root = await Root.over([own, ...between, ...below], name)
    // As on a new machine: apt has no lists before somebody asks for them.
    rmSync(join(root.folder, 'var/lib/apt/lists'), { recursive: true, force: true })
    return root
  }

  /** The same of folders; see overlay(). */
  static async over(below: readonly string[], name: string, upper?: string): Promise<Root> {
    const { work, shown: folder } = await overlay(below, name, upper)
    await must(['mount', '-t', 'proc', 'proc', join(folder, 'proc')])
    await must(['mount', '-t', 'sysfs', 'sysfs', join(folder, 'sys')])
    for (const device of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kvm'])
      if (existsSync(`/dev/${device}`))
        await must(['cp', '-a', `/dev/${device}`, join(folder, 'dev')])
    await share(folder, 'ccache', ccache)
    if (coverage) await share(folder, 'coverage', coverage)
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

  /** Gives a kernel all of its own modules back, which depmod takes its time to read. */
  async addWholeKernel(): Promise<void> {
    const modules = join(await baseRoot('headers'), 'usr/lib/modules')
    for (const release of readdirSync(modules)) {
      await this.showFolder(join(modules, release, 'kernel'), `/usr/lib/modules/${release}/kernel`)
      await this.sh(`depmod ${release}`)
    }
  }

  /** Copies a file in, with its holes. */
  async copyIn(file: string, target: string): Promise<void> {
    await must(['cp', '--sparse=always', file, join(this.folder, target)])
  }

  /** Starts a program inside, to be watched and interrupted. */
  start(words: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    const [program, ...rest] = this.words(words)
    return spawn(program as string, rest, { stdio: [stdin, 'pipe', 'pipe'] })
  }

  /** Puts the packed package inside, as npm would unpack it. */
  async addPackage(tarball: string): Promise<void> {
    copyFileSync(tarball, join(this.folder, 'root/package.tgz'))
    await this.sh(
      'mkdir -p /opt/vmmci && tar -xzf /root/package.tgz -C /opt/vmmci --strip-components=1',
    )
  }

  /** Copies the checkout in, as git would have it: without what was made in it. */
  addCheckout(target: string): void {
    const made = new Set(['.git', 'node_modules', 'dist', 'build'])
    cpSync(home, join(this.folder, target), {
      recursive: true,
      filter: (source) => !made.has(relative(home, source)),
    })
  }

  /** The command, from the unpacked package; a document that it prints is what its schema says. */
  async cli(...words: string[]): Promise<Result> {
    const result = await this.run([...command, ...words])
    if (words.includes('--json')) checkDocument(words, result.stdout)
    return result
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
        -printf '%p %y %m %l ' \\( -type f -printf '%s' -o -true \\) -printf '\\n' | sort`,
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
    await unmount(this.work, this.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

export const command = ['node', '/opt/vmmci/dist/cli.js'] as const

/** The package as npm would publish it, packed once a run. */
export async function packedPackage(): Promise<string> {
  packed ??= process.env.VMMCI_PACKAGE ? Promise.resolve(process.env.VMMCI_PACKAGE) : pack()
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
