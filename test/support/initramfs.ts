import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { cached } from './cache.ts'
import { builtModules, guestKernel, type Series } from './kernels.ts'
import { contents, guestPrograms } from './programs.ts'
import { Root } from './roots.ts'

/** Of the kernel's own modules: what ours need, a disk with a file system, and the firmware's keys. */
const wanted = [
  ...['virtio', 'virtio_ring', 'ptp', 'virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic'],
  'efivarfs',
]

/** Files of modules with all that they need, by modules.dep; what is built in has no file. */
function withDependencies(folder: string, names: string[]): string[] {
  const lines = readFileSync(join(folder, 'modules.dep'), 'utf8').split('\n')
  const files = names.flatMap((name) => {
    const line = lines.find((l) =>
      new RegExp(`/${name.replaceAll('_', '[-_]')}\\.ko`).test(l.split(':')[0] ?? ''),
    )
    return line?.split(/:? +|:$/).filter(Boolean) ?? []
  })
  return [...new Set(files)]
}

/**
 * Fills /initramfs and packs it: busybox, the real kmod and kexec with their libraries. Real, since
 * busybox's modprobe does not know all that kmod's knows; and a shell that is not busybox's, which
 * would take its own modprobe whatever PATH says.
 */
const pack = `
cd /initramfs
mkdir -p bin sbin usr/bin usr/sbin dev proc sys tmp mnt root
cp /usr/bin/busybox bin/busybox
chroot . /bin/busybox --install -s
add() {
  for f in $(ldd $1 | grep -o '/[^ ]*'); do mkdir -p .$(dirname $f); cp -n $f .$f; done
}
rm bin/sh; cp /usr/bin/dash bin/sh; add /usr/bin/dash
cp /usr/bin/kmod bin/kmod; add /usr/bin/kmod
for tool in modprobe insmod rmmod lsmod modinfo depmod; do rm -f sbin/$tool; ln -sf /bin/kmod sbin/$tool; done
cp /usr/sbin/kexec usr/sbin/kexec; add /usr/sbin/kexec
cp -R --remove-destination /guest/. .
ln -s sbin/init init
depmod -b . "$(ls lib/modules)"
find . | cpio -o -H newc --quiet > /out/initrd
`

/** An initramfs with our modules where an installation puts them. */
export async function initramfs(series: Series): Promise<string> {
  const [kernel, ours, programs] = await Promise.all([
    guestKernel(series),
    builtModules(series),
    guestPrograms(),
  ])
  const guest = join(home, 'test/guest')
  const ingredients = [kernel.release, ours, programs, contents(guest), wanted.join(), pack]
  const folder = await cached(`initramfs/${series}`, ingredients.join('\n'), async (out) => {
    await using root = await Root.of('qemu')
    const target = join(root.folder, 'initramfs/lib/modules', kernel.release)
    for (const file of withDependencies(kernel.modules, wanted)) {
      mkdirSync(dirname(join(target, file)), { recursive: true })
      cpSync(join(kernel.modules, file), join(target, file))
    }
    for (const list of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
      if (existsSync(join(kernel.modules, list)))
        cpSync(join(kernel.modules, list), join(target, list))
    cpSync(ours, join(target, 'updates/dkms'), { recursive: true })
    for (const part of ['etc', 'sbin'])
      cpSync(join(guest, part), join(root.folder, 'guest', part), { recursive: true })
    cpSync(programs, join(root.folder, 'guest/usr/bin'), { recursive: true })
    mkdirSync(join(root.folder, 'out'))
    await root.sh(pack)
    cpSync(join(root.folder, 'out/initrd'), join(out, 'initrd'))
  })
  return join(folder, 'initrd')
}
