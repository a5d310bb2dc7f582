import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { command } from '../support/device.ts'
import { type Installed, writeDisk } from '../support/disks.ts'
import { inGuest } from '../support/guest.ts'
import { initramfs } from '../support/initramfs.ts'
import { Root } from '../support/roots.ts'

/** As Alpine has it, but for our shell. */
const inittab = `::sysinit:/sbin/openrc sysinit
::sysinit:/sbin/openrc boot
::wait:/sbin/openrc default
ttyS1::respawn:/etc/shell
::ctrlaltdel:/sbin/reboot
::shutdown:/sbin/openrc shutdown
`

/** A service that has something to write when it is stopped. */
const service = `#!/sbin/openrc-run
start() { return 0; }
stop() { ebegin "Writing a last line"; echo written at its stop >> /root/file; eend 0; }
`

/** From the harness's initramfs, once ours are loaded, into the disk. */
const change = `. /etc/rc
for d in dev proc sys; do mount --move /$d /mnt/$d; done
exec switch_root /mnt /sbin/init
`

async function alpinesWay(place: Root): Promise<Installed> {
  await using root = await Root.of('openrc')
  const etc = join(root.folder, 'etc')
  writeFileSync(join(etc, 'inittab'), inittab)
  writeFileSync(join(etc, 'init.d/last'), service, { mode: 0o755 })
  copyFileSync(join(home, 'test/guest/etc/shell'), join(etc, 'shell'))
  await root.sh(`cd /sbin; for name in init reboot poweroff halt; do ln -sf /bin/busybox $name; done
    rc-update add last default; rc-update add savecache shutdown`)
  const out = join(place.folder, 'alpine')
  mkdirSync(out)
  await writeDisk(root, '600M', out)
  return { disk: join(out, 'disk'), initrd: await initramfs('6.12') }
}

test("vmctl stop on Alpine's way: busybox init, OpenRC, and the reset", async () => {
  await using place = await Root.of('qemu')
  const debian = await alpinesWay(place)
  const files = { change: Buffer.from(change) }
  const append = 'rdinit=/bin/sh -- /change'
  await inGuest('OpenRC', { series: '6.12', debian, files, append, again: true }, async (guest) => {
    const { device } = guest
    assert.match(await guest.sh('rc-status default'), /last .*started/)
    await guest.sh('echo written just before > /root/file')
    const mark = device.mark()
    await device.control('stop')
    await device.until(mark, 'ack', { value: command.reboot })
    await guest.said(/Writing a last line/)
    assert.equal((await device.until(mark, 'vm-end')).why, 'guest reset')
    await guest.end()
    assert.equal(
      (await guest.diskFile('/root/file')).trim(),
      'written just before\nwritten at its stop',
    )
  })
})
