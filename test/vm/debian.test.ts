import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { boot } from '../support/debian.ts'
import { command } from '../support/device.ts'
import { addHarness } from '../support/disks.ts'
import type { Guest } from '../support/guest.ts'
import { has, kernelsOf } from '../support/installed.ts'
import { guestKernel } from '../support/kernels.ts'
import { builtPackages, debFile, rpmFile, versions } from '../support/packages.ts'
import { packedPackage, Root } from '../support/roots.ts'

const nothingLeft = "find / -xdev -name '*vmmci*' -not -path '/packages/*'"

/** Both were loaded by udev, so many times so far, and drive the device. */
async function isUp(guest: Guest, times = 1): Promise<void> {
  await guest.sh('udevadm settle')
  assert.match(await guest.sh('lsmod'), /^virtio_vmmci .*^virtio_pci_obsd /ms)
  assert.deepEqual(
    guest.device.since(0, 'driver-ok').map((e) => e.value),
    Array(times).fill(7),
  )
}

/** The host's stop is a clean end of systemd, and the reset is the VM's. */
async function stopsCleanly(guest: Guest): Promise<void> {
  const { device } = guest
  await guest.sh('echo written just before > /root/file')
  const mark = device.mark()
  await device.control('stop')
  await device.until(mark, 'ack', { value: command.reboot })
  await guest.said(/Reached target .*reboot\.target/)
  assert.equal((await device.until(mark, 'vm-end')).why, 'guest reset')
  await guest.end()
  assert.equal(guest.console.split('reboot requested by host').length - 1, 1)
  assert.equal((await guest.diskFile('/root/file')).trim(), 'written just before')
}

/** systemd starts the kernel that kexec has loaded; its driver finds the stop, and asks again. */
async function stopsAfterKexec(guest: Guest): Promise<void> {
  const { device } = guest
  await guest.sh(`kexec -l /vmlinuz --initrd=/initrd.img --reuse-cmdline
    echo written just before > /root/file`)
  const mark = device.mark()
  await device.control('stop')
  await guest.said(/Reached target .*kexec\.target/)
  assert.equal((await device.until(mark, 'vm-end')).why, 'guest reset')
  await guest.end()
  assert.equal(guest.console.split('reboot requested by host').length - 1, 2)
  assert.equal((await guest.diskFile('/root/file')).trim(), 'written just before')
}

/** What both packages run at an installation loads what a boot would load, and no more. */
async function loadsAtInstallation(guest: Guest): Promise<void> {
  const { device } = guest
  const install = `modprobe -r virtio_vmmci virtio_pci_obsd
    /usr/libexec/vmmci-dkms/every-kernel install vmmci-dkms ${versions.now} 2>&1`
  let mark = device.mark()
  await guest.sh(install)
  await device.until(mark, 'driver-ok')

  await guest.sh(`echo blacklist virtio_pci_obsd > /etc/modprobe.d/not-ours.conf\n${install}`)
  await guest.sh('udevadm settle; rm /etc/modprobe.d/not-ours.conf')
  assert.doesNotMatch(await guest.sh('lsmod'), /^virtio_(pci_obsd|vmmci) /m)
  mark = device.mark()
  await guest.sh('modprobe virtio_vmmci')
  await device.until(mark, 'driver-ok')
}

const ours = 'node /opt/vmmci/dist/cli.js'

/** Where an administrator puts the package's examples. */
const chronyCopies = [
  '/etc/chrony/conf.d/vmmci-dkms.conf',
  '/etc/systemd/system/chrony.service.d/vmmci-dkms.conf',
]

/** How the README has one look for the device and the drivers. */
const looked = readFileSync(join(home, 'README.md'), 'utf8').match(
  /(lspci|dmesg) .*\| grep [^`\n]*/g,
)
assert.equal(looked?.length, 2)

/** chrony has the host's clock for its reference, and runs since the boot. */
async function chronyFollows(guest: Guest): Promise<void> {
  await guest.sh(
    "until chronyc -n sources | tee /dev/stderr | grep -q '^#\\* VMCI'; do sleep 1; done",
  )
  assert.equal(await guest.sh('systemctl is-active chrony'), 'active')
}

test('a whole Debian 13: install --chrony, a sleep of the host, and uninstall', async () => {
  await using root = await Root.of('debian')
  await addHarness(root)
  await root.addPackage(await packedPackage())
  await root.sh(`${ours} install --yes`)
  await boot(root, '6.12', async (guest) => {
    const { device } = guest
    await isUp(guest)
    for (const line of looked) assert.notEqual(await guest.sh(line), '', line)
    assert.match(await guest.sh(`${ours} install --yes`), /chrony can follow this clock/)
    assert.match(await guest.sh(`${ours} install --chrony --dry-run`), /^systemctl try-restart/m)
    const told = await guest.sh(`${ours} install --chrony --yes`)
    assert.match(
      told,
      /^chrony follows \/dev\/ptp0, by \/etc\/chrony\/conf\.d\/vmmci-dkms\.conf\.\r?$/m,
    )
    await chronyFollows(guest)

    const { clock } = JSON.parse(await guest.sh(`${ours} status --json`))
    assert.equal(clock.ptp, '/dev/ptp0')
    assert.deepEqual(clock.daemons, ['chronyd'])
    assert.equal(clock.error, null)

    await guest.sh('udevadm control --log-level=debug')
    const mark = device.mark()
    await device.control('sleep 28800')
    await device.until(mark, 'ack')
    await guest.sh(`until journalctl -b -o cat -u systemd-udevd |
      grep -q "chronyc -n reset sources'(out) '200 OK'"; do sleep 1; done`)
    await chronyFollows(guest)

    await guest.sh(`${ours} uninstall`)
    assert.equal(
      await guest.sh("find /etc /lib/modules /usr/lib/udev /var/lib/dkms -name '*vmmci*'"),
      '',
    )
    assert.equal(await guest.sh('systemctl is-active chrony'), 'active')
  })
})

test('a whole Debian 13: the package, purged while it is loaded, and the next kernel by apt', async () => {
  await using root = await Root.of('debian')
  const [old, next] = [await guestKernel('6.12'), await guestKernel('7.3')]
  assert.deepEqual(await kernelsOf(root), [old.release], 'the roots are of different days')
  await addHarness(root)
  await root.showFolder(join(await builtPackages(), 'packages'), '/packages')
  await root.sh(`apt-get install -y -q /packages/${debFile(versions.now)} 2>&1`)
  await has(root, old.release, versions.now)
  await root.sh(`cd /usr/share/doc/vmmci-dkms/examples
    install -D -m 644 chrony.conf ${chronyCopies[0]}
    install -D -m 644 chrony.service.conf ${chronyCopies[1]}`)
  await boot(root, '6.12', async (guest) => {
    await isUp(guest)
    await chronyFollows(guest)
    const said = await guest.sh('apt-get purge -y -q vmmci-dkms 2>&1')
    for (const file of chronyCopies) assert.ok(said.includes(`rm ${file}`), said)
    await guest.sh(`rm -r ${chronyCopies.join(' ')}`)
    // Loaded as they are, they go on until the next boot.
    await isUp(guest)
    assert.equal(await guest.sh(nothingLeft), '')
    await stopsCleanly(guest)
  })

  // The root is as it was before that boot: the next kernel, by apt, and the end of the old one.
  const install = (packages: string) =>
    root.sh(`apt-get install -y -q --no-install-recommends -t trixie-backports ${packages} 2>&1`)
  // The image alone first, as where nobody thought of the headers' metapackage.
  await root.sh('apt-get remove -y -q linux-headers-amd64 && apt-get update -q')
  await install(`linux-image-${next.release}`)
  assert.equal((await root.sh(`find /lib/modules/${next.release} -name '*vmmci*'`)).trim(), '')
  await install(`linux-headers-${next.release}`)
  for (const { release } of [old, next]) await has(root, release, versions.now)
  await root.sh(`apt-get purge -y -q linux-image-${old.release} linux-headers-${old.release} 2>&1`)
  assert.equal((await root.sh(`find / -xdev -path '*${old.release}*' -name '*vmmci*'`)).trim(), '')
  await has(root, next.release, versions.now)
  await boot(root, '7.3', async (guest) => {
    await isUp(guest)
    await stopsAfterKexec(guest)
  })
})

test('a whole Debian 13: the rpm, erased while its modules are loaded', async () => {
  await using root = await Root.of('debian')
  await addHarness(root)
  await root.showFolder(join(await builtPackages(), 'packages'), '/packages')
  // rpm knows nothing of what dpkg installed.
  await root.sh(`rpm -U --nodeps /packages/${rpmFile(versions.now)} 2>&1`)
  await boot(root, '6.12', async (guest) => {
    await isUp(guest)
    await loadsAtInstallation(guest)
    await guest.sh('rpm -e vmmci-dkms 2>&1')
    assert.equal(await guest.sh(nothingLeft), '')
    await isUp(guest, 3)
    await stopsCleanly(guest)
  })
})
