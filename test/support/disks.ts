import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { cached } from './cache.ts'
import { guestPrograms } from './programs.ts'
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
export async function writeDisk(root: Root, size: string, out: string): Promise<void> {
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

/** A Debian root as a machine has it: its disk, and the initrd that its initramfs-tools made. */
export interface Installed {
  disk: string
  initrd: string
}

/** Gives a Debian root the harness's shell and clock readers. */
export async function addHarness(root: Root): Promise<void> {
  cpSync(await guestPrograms(), join(root.folder, 'usr/bin'), { recursive: true })
  cpSync(join(home, 'test/guest/etc/shell'), join(root.folder, 'etc/shell'))
  writeFileSync(join(root.folder, 'etc/systemd/system/shell.service'), shellUnit)
  await root.sh('passwd -d root; systemctl enable shell.service')
}

/** Writes a Debian root as it is now onto a disk, for one of its kernels, into a folder. */
export async function installed(root: Root, release: string, out: string): Promise<Installed> {
  await writeDisk(root, '2500M', out)
  const initrd = join(out, 'initrd')
  cpSync(join(root.folder, `boot/initrd.img-${release}`), initrd)
  return { disk: join(out, 'disk'), initrd }
}
