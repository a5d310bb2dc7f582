import assert from 'node:assert/strict'
import { command, type Device, register } from '../support/device.ts'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { sync } from '../support/synced.ts'

/** What the device saw since a mark, counted. */
function tally(device: Device, mark: number) {
  return {
    interrupts: device.since(mark, 'interrupt').length,
    statusReads: device.since(mark, 'read', { offset: register.isr }).length,
    acknowledged: device.since(mark, 'ack').map((e) => e.value),
  }
}

/** How many times the kernel's log tells of the action. */
const told = (guest: Guest) => guest.sh("dmesg | grep -c 'clock sync requested by host'")

onEachKernel(
  'bound by modalias alone, one action for one command',
  { on: 'all' },
  async (guest) => {
    const { device } = guest
    assert.deepEqual(
      device.since(0, 'driver-ok').map((e) => e.value),
      [7],
    )
    assert.equal(await guest.attribute('features'), 'TIMESYNC ACK SYNCRTC')
    assert.equal(await guest.sh('ls /sys/bus/pci/drivers/virtio-pci-obsd | grep -c ^0000:'), '1')

    for (let n = 1; n <= 3; n++) {
      const mark = device.mark()
      // Its look afterwards may see the next one before that one's interrupt.
      await sync(device)
      await device.until(mark, 'read', { offset: register.isr })
      assert.deepEqual(tally(device, mark), {
        interrupts: 1,
        statusReads: 1,
        acknowledged: [command.syncrtc],
      })
      assert.equal(await guest.attribute('syncrtc_count'), String(n))
      assert.equal(await told(guest), String(n))
    }
  },
)

onEachKernel('every subset of the features', {}, async (guest) => {
  const { device } = guest
  const pci = await guest.sh('basename $(dirname $(grep -l 0x0b5d /sys/bus/pci/devices/*/vendor))')
  const driver = '/sys/bus/pci/drivers/virtio-pci-obsd'
  const names = ['TIMESYNC', 'ACK', 'SYNCRTC']

  for (let subset = 0; subset < 8; subset++) {
    const [timesync, ack, syncrtc] = [1, 2, 4].map((bit) => (subset & bit) !== 0)
    await guest.sh(`echo ${pci} > ${driver}/unbind`)
    await device.control(`features ${subset}`)
    await device.control('clock -100 0')
    const mark = device.mark()
    await guest.sh(`echo ${pci} > ${driver}/bind`)
    const ok = await device.until(mark, 'driver-ok')
    assert.equal(ok.value, subset)
    assert.equal(
      await guest.attribute('features'),
      names.filter((_, bit) => subset & (1 << bit)).join(' '),
    )

    const asked = device.mark()
    await device.control('sync')
    // An acknowledgement of 3 clears whatever is there: what follows waits for it.
    if (syncrtc) await device.until(asked, 'read', { offset: register.command, value: 3 })
    if (syncrtc && ack) await device.until(asked, 'ack')
    // One more interrupt that all drivers answer tells when the first was served.
    await device.control('command 77')
    await device.until(asked, 'read', { offset: register.command, value: 77 })
    const sent = device.since(asked, 'interrupt', { value: command.syncrtc }).length
    assert.equal(sent, syncrtc ? 1 : 0, `subset ${subset}: SYNCRTC`)
    const writes = device.since(mark, 'write', { offset: register.command }).length
    if (!ack) assert.equal(writes, 0, `subset ${subset}: acknowledged unasked`)
    const reads = device.since(mark, 'read', { offset: register.seconds }).length
    if (timesync) assert.ok(reads > 0)
    else assert.equal(reads, 0, `subset ${subset}: read a clock that is not there`)
    const drift = await guest.run('cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/vmmci/drift_ns')
    assert.equal(drift.status === 0, timesync)
    // vmd would hold a command that a guest without ACK never takes.
    await device.control('command 0')
  }
})
