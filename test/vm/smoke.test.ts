import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { inGuest, onEachKernel, withoutOurs } from '../support/guest.ts'

interface Report {
  passed: boolean
  checks: { label: string; result: string; why: string }[]
}

onEachKernel(
  'smoke loads the modules and passes',
  { own: true, disk: 'node', append: withoutOurs },
  async (guest) => {
    const { status, output } = await guest.cli('smoke --json')
    assert.equal(status, 0, output)
    const report = JSON.parse(output) as Report
    assert.ok(report.passed)
    assert.deepEqual(
      report.checks.filter((check) => check.result !== 'pass'),
      [],
    )
    const loaded = report.checks.filter(({ why }) => /loaded by this test/.test(why))
    assert.equal(loaded.length, 2, output)
  },
)

test('smoke in a guest that has seen something', () =>
  inGuest('smoke', { series: '6.12', disk: 'node' }, async (guest) => {
    const plain = await guest.cli('smoke')
    assert.equal(plain.status, 0, plain.output)
    assert.match(plain.output, /^ok {2}virtio_vmmci is loaded: .*it was already/m)
    for (const line of plain.output.split('\n')) assert.ok(line.length <= 80, line)

    const tap = await guest.cli('smoke --tap')
    assert.match(tap.output, /^TAP version 14\r?\n1\.\.\d+\r?\nok 1 - /m)

    await guest.sh('echo 1 > /proc/sys/kernel/dmesg_restrict')
    assert.equal((await guest.cli('smoke', 'root', 'de_DE.UTF-8')).status, 0)
    assert.equal((await guest.cli('smoke', 'admin', 'de_DE.UTF-8')).status, 0, 'through sudo')

    // A line that is forbidden, as the driver would say it.
    await guest.sh("echo 'virtio_vmmci virtio0: clock not synchronized: error -34' > /dev/kmsg")
    const failed = await guest.cli('smoke --json')
    assert.equal(failed.status, exitStatus.smoke)
    const { checks } = JSON.parse(
      failed.output.slice(0, failed.output.lastIndexOf('}') + 1),
    ) as Report
    assert.deepEqual(
      checks.filter((check) => check.result === 'fail').map((check) => check.why),
      ['virtio_vmmci virtio0: clock not synchronized: error -34'],
    )

    // More than the buffer holds of other people's lines: what the driver said at its beginning is gone.
    await guest.sh('echo on > /proc/sys/kernel/printk_devkmsg')
    await guest.sh(
      'for i in $(seq 6000); do echo "noise $i of somebody else who talks too much"; done > /dev/kmsg',
    )
    const wrapped = await guest.cli('smoke')
    assert.equal(wrapped.status, 0, wrapped.output)
    assert.match(wrapped.output, /^\?\? .*wrapped/m)
  }))

test('smoke without a device, and without the right to look', () =>
  inGuest('smoke fails', { series: '6.12', disk: 'node', append: withoutOurs }, async (guest) => {
    await guest.sh('echo 1 > /sys/bus/pci/devices/0000:00:03.0/remove')
    const { status, output } = await guest.cli('smoke')
    assert.equal(status, exitStatus.smoke, output)
    assert.match(output, /^NO {2}the device is there: none fits pci:/m)
    await guest.sh('echo 1 > /proc/sys/kernel/dmesg_restrict')
    const denied = await guest.cli('smoke', 'guest')
    assert.equal(denied.status, exitStatus.privilege, denied.output)
  }))

test('smoke --interactive sees what the host does', () =>
  inGuest('interactive', { series: '6.12', disk: 'node' }, async (guest) => {
    const { device } = guest
    // What logs out first ends first, as where systemd stops the sessions.
    await guest.sh("echo 'while pidof node; do :; done' >> /etc/stop")
    const running = guest.cli('smoke --interactive', 'root', 'C.UTF-8', true)
    await guest.answered(/suspend it for a minute/)
    await device.control('sleep 3600')
    await guest.answered(/vmctl stop NAME/)
    await device.control('stop')
    await guest.answered(/^ok {2}stop: .*reboot requested by host/m)
    await Promise.allSettled([running, guest.end()])
  }))

test('where the kernel only takes signed modules, smoke and check say so in words', () =>
  inGuest(
    'enforced',
    { series: '6.12', disk: 'node', append: 'module.sig_enforce=1' },
    async (guest) => {
      assert.doesNotMatch(await guest.sh('lsmod'), /vmmci|obsd/)
      const { status, output } = await guest.cli('smoke')
      assert.equal(status, exitStatus.smoke)
      const said = output.replaceAll(/\s+/g, ' ')
      assert.match(said, /the kernel only takes modules that are signed with a key it knows/)
      assert.match(said, /try: \S+ keys show/)
      const check = (await guest.cli('check')).output.replaceAll(/\s+/g, ' ')
      assert.match(check, /only signed modules: they are not, by an enrolled key/)
      assert.match((await guest.cli('keys show')).output, /no UEFI, as under vmd/)
    },
  ))
