import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Device, type Line } from './device.ts'
import { type Installed, nodeDisk } from './disks.ts'
import { initramfs } from './initramfs.ts'
import { allSeries, bootableKernel, guestKernel, isDebugging, type Series } from './kernels.ts'
import { deviceProgram } from './programs.ts'
import { type Accelerator, accelerator } from './qemu.ts'
import { packedPackage, Root } from './roots.ts'
import { addSecureBoot, type SecureBoot, secureBootWords } from './secure-boot.ts'

/** What a guest is made of. */
export interface GuestOptions {
  series: Series
  /** Off by default: vmd has none. With it there is a HPET, by which any kernel calibrates its tsc. */
  acpi?: boolean
  cpus?: number
  /** Words for the kernel's command line. */
  append?: string
  /** What the device offers at first; all three by default. */
  features?: number
  /** A disk, on /mnt: empty, with the kernel to boot another time, or with Node and our package. */
  disk?: 'empty' | 'kernel' | 'node'
  /** Start it again where it resets, as vmd does unless it was started by `vmctl start -B`. */
  again?: boolean
  /** The interrupt line; see lineOf(). */
  line?: Line
  /** A whole Debian with systemd on /dev/vda, instead of the initramfs that does everything. */
  debian?: Installed
  accelerator?: Accelerator
  /** One more device of the kind, which vmd has not. */
  second?: true
  /** UEFI, shim, GRUB and the signed kernel, instead of -kernel. */
  secureBoot?: SecureBoot
  /** Files for the initramfs, by path. */
  files?: Record<string, Buffer>
}

/** Our package in /opt/vmmci of the initramfs: the kernel unpacks one archive after the other. */
async function addPackage(root: Root): Promise<void> {
  await root.addPackage(await packedPackage())
  await root.sh('cd / && find opt | cpio -o -H newc --quiet >> /vm/initrd')
}

/** Adds files to the initramfs, in one more archive. */
async function addFiles(root: Root, files: Record<string, Buffer>): Promise<void> {
  if (Object.keys(files).length === 0) return
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root.folder, 'more', path)), { recursive: true })
    writeFileSync(join(root.folder, 'more', path), content)
  }
  await root.sh('cd /more && find . | cpio -o -H newc --quiet >> /vm/initrd')
}

/** Puts what becomes /vm/disk there. */
async function addDisk(root: Root, options: GuestOptions, initrd: string): Promise<void> {
  if (options.debian) return root.copyIn(options.debian.disk, '/vm/disk')
  if (options.disk === 'node') {
    await root.bindFile(await nodeDisk(), '/vm/disk')
    return addPackage(root)
  }
  const files = join(root.folder, 'files')
  mkdirSync(files)
  if (options.disk === 'kernel') {
    copyFileSync((await guestKernel(options.series)).vmlinuz, join(files, 'vmlinuz'))
    copyFileSync(initrd, join(files, 'initrd'))
  }
  await root.sh('truncate -s 128M /vm/disk && mke2fs -q -t ext4 -d /files /vm/disk')
}

/**
 * The newest kernel has the line of the newest vmd, and the others that of all that were released:
 * where a test runs on each kernel it has run on both, and test/vm/line.test.ts has one guest on both.
 */
const lineOf = (series: Series): Line => (series === allSeries.at(-1) ? 'level' : 'i8259')

/** The device's words: see test/vmd/main.c. */
const deviceWords = ({ again, features = 7, line, series }: GuestOptions): string[] => [
  'vmd-vmmci',
  ...(again ? [] : ['-B']),
  ...['-f', String(features), '-l', line ?? lineOf(series)],
  ...['vfio', 'control', 'device.log'],
]

/** A root with all that a machine needs in /vm, its device, and the words for its QEMU there. */
export async function assemble(
  options: GuestOptions,
): Promise<{ root: Root; device: Device; second: Device | undefined; words: string[] }> {
  const [kernel, initrd, program] = await Promise.all([
    bootableKernel(options.series),
    options.debian?.initrd ?? initramfs(options.series),
    deviceProgram(),
  ])
  const root = await Root.of('qemu')
  const folder = join(root.folder, 'vm')
  mkdirSync(folder)
  copyFileSync(kernel, join(folder, 'vmlinux'))
  copyFileSync(initrd, join(folder, 'initrd'))
  copyFileSync(join(program, 'vmd-vmmci'), join(root.folder, 'usr/bin/vmd-vmmci'))
  if (options.debian || options.disk) await addDisk(root, options, initrd)
  await addFiles(root, options.files ?? {})
  if (options.secureBoot) {
    const { vmlinuz } = await guestKernel(options.series)
    await addSecureBoot(folder, options.secureBoot, vmlinuz, kernelWords(options))
  }

  const start = (place: string) => {
    mkdirSync(join(root.folder, place), { recursive: true })
    const words = root.words(['env', `--chdir=/${place}`, ...deviceWords(options)])
    return Device.start(words, join(root.folder, place))
  }
  const device = await start('vm')
  const second = options.second && (await start('vm/second'))
  return { root, device, second, words: machine(options) }
}

/**
 * Kernels patch their own code while another processor runs it; TCG with a thread for each lets that
 * one see half a patch, about once in 500 boots ("Oops: int3" in the scheduler). In turns it cannot.
 */
function accelerated(options: GuestOptions): string {
  const chosen = options.accelerator ?? accelerator()
  return chosen === 'tcg' && (options.cpus ?? 1) > 1 ? 'tcg,thread=single' : chosen
}

const kernelWords = (options: GuestOptions): string =>
  [
    'console=ttyS0',
    'panic=-1',
    options.acpi ? '' : 'acpi=off',
    options.debian ? 'root=/dev/vda rw' : '',
    options.append ?? '',
  ]
    .filter(Boolean)
    .join(' ')

/** Without ACPI the firmware tells of the first processor of each socket only. */
const smp = (cpus = 1) => `cpus=${cpus},sockets=${cpus}`

/** The words for QEMU; paths are relative to /vm in its root. */
function machine(options: GuestOptions): string[] {
  // The disk with Node is everybody's: what a guest writes there is forgotten.
  const disk = `if=virtio,format=raw,file=disk,snapshot=${options.disk === 'node' ? 'on' : 'off'}`
  const device = (path: string) => [
    '-device',
    JSON.stringify({ driver: 'vfio-user-pci', socket: { type: 'unix', path } }),
  ]
  const memory =
    options.secureBoot || isDebugging(options.series)
      ? '1024'
      : options.debian || options.disk === 'node'
        ? '512'
        : '256'
  return [
    ...['-accel', accelerated(options), '-m', memory],
    ...['-smp', smp(options.cpus), '-nodefaults', '-display', 'none'],
    ...(options.secureBoot
      ? secureBootWords
      : ['-kernel', 'vmlinux', '-initrd', 'initrd', '-append', kernelWords(options)]),
    ...['-qmp', 'unix:qmp,server=on,wait=off'],
    ...(options.disk || options.debian ? ['-drive', disk] : []),
    ...device('vfio'),
    ...(options.second ? device('second/vfio') : []),
  ]
}
