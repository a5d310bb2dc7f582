import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/source-tree.ts'
import { cache, cached } from './cache.ts'
import { builtModules, guestKernel } from './kernels.ts'
import { contents, guestPrograms } from './programs.ts'
import { baseRoot, Root } from './roots.ts'

const shellUnit = `[Unit]
Description=The harness's way in
After=multi-user.target

[Service]
ExecStart=/etc/shell
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyS1
TTYReset=yes

[Install]
WantedBy=multi-user.target
`

/** Writes a root's files into OUT/disk, an ext4 of that size. */
async function writeDisk(root: Root, size: string, out: string): Promise<void> {
  await using maker = await Root.of('qemu')
  mkdirSync(join(maker.folder, 'disk'))
  await root.showIn(join(maker.folder, 'disk'))
  await maker.sh(`truncate -s ${size} /image && mke2fs -q -t ext4 -d /disk /image`)
  cpSync(join(maker.folder, 'image'), join(out, 'disk'))
}

/** A disk with Node, for running our command inside any guest. */
export async function nodeDisk(): Promise<string> {
  const folder = await cached('disks/node', await baseRoot('node'), async (out) => {
    await using root = await Root.of('node')
    await writeDisk(root, '800M', out)
  })
  return join(folder, 'disk')
}

/** The initrd that Debian's own initramfs-tools made. */
export async function debianInitrd(): Promise<string> {
  const root = await baseRoot('debian')
  const name = readdirSync(join(root, 'boot')).find((file) => file.startsWith('initrd.img'))
  return join(root, 'boot', name ?? '')
}

/** A disk with a whole Debian 13, our modules installed and the harness's shell in it. */
export async function debianDisk(): Promise<string> {
  const [{ release }, ours, programs, base] = await Promise.all([
    guestKernel('6.12'),
    builtModules('6.12'),
    guestPrograms(),
    baseRoot('debian'),
  ])
  const shell = join(home, 'test/guest/etc/shell')
  const ingredients = [ours, programs, base, contents(join(home, 'test/guest')), shellUnit]
  const folder = await cached('disks/debian', ingredients.join('\n'), async (out) => {
    await using root = await Root.of('debian')
    const modules = join(root.folder, 'lib/modules', release, 'updates/dkms')
    cpSync(ours, modules, { recursive: true })
    cpSync(programs, join(root.folder, 'usr/bin'), { recursive: true })
    cpSync(shell, join(root.folder, 'etc/shell'))
    writeFileSync(join(root.folder, 'etc/systemd/system/shell.service'), shellUnit)
    if (!existsSync(join(root.folder, 'lib/modules', release, 'kernel')))
      throw new Error(`the debian root's kernel is not ${release}: empty ${cache}/roots`)
    await root.sh(`depmod ${release}; passwd -d root; systemctl enable shell.service`)
    await writeDisk(root, '1500M', out)
  })
  return join(folder, 'disk')
}
