import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from '../support/device.ts'
import { inGuest } from '../support/guest.ts'

test('a whole Debian 13: udev loads both, stop is a clean end of systemd', () =>
  inGuest('Debian', { series: '6.12', debian: true, acpi: true }, async (guest) => {
    const { device } = guest
    await guest.sh('udevadm settle')
    assert.match(await guest.sh('lsmod'), /^virtio_vmmci .*^virtio_pci_obsd /ms)
    assert.deepEqual(
      device.since(0, 'driver-ok').map((e) => e.value),
      [7],
    )
    await guest.sh('echo written just before > /root/file')
    const mark = device.mark()
    await device.control('stop')
    await device.until(mark, 'ack', { value: command.shutdown })
    await guest.said(/Reached target .*poweroff\.target/)
    await guest.end()
    assert.equal(guest.console.split('shutdown requested by host').length - 1, 1)
    assert.equal(device.since(mark, 'vm-end').length, 0, 'vmd had to wait for nothing')
    assert.equal((await guest.diskFile('/root/file')).trim(), 'written just before')
  }))
