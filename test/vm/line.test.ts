import assert from 'node:assert/strict'
import { command, register } from '../support/device.ts'
import { onEachKernel } from '../support/guest.ts'
import { sync } from '../support/synced.ts'

/** Two processors: the line rises again while the other one is anywhere. */
onEachKernel('one guest, on both interrupt lines', { cpus: 2, acpi: true }, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  for (const line of ['level', 'i8259', 'level', 'i8259']) {
    await device.control(`line ${line}`)
    for (let n = 0; n < 10; n++) {
      const mark = device.mark()
      await sync(device)
      await device.until(mark, 'read', { offset: register.isr })
      assert.equal(device.since(mark, 'read', { offset: register.isr }).length, 1)
    }

    // The line rises again as soon as it was lowered, 100 times: none of these may be missed.
    const mark = device.mark()
    await device.control('storm 100')
    await device.control('sync')
    await device.until(mark, 'read', { offset: register.isr }, 101)
    await device.control('honest')
    await device.until(mark, 'ack', { value: command.syncrtc })
    assert.equal((await device.control('status')).isr, 0)
  }
})
