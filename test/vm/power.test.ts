import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from '../support/device.ts'
import { type Guest, inGuest, onEachKernel, withoutOurs } from '../support/guest.ts'

/** Has the host ask, with a file just written, and looks at what the guest did about it. */
async function goesDown(guest: Guest, word: 'stop' | 'reboot'): Promise<void> {
  const { device } = guest
  const value = word === 'stop' ? command.shutdown : command.reboot
  const program = word === 'stop' ? 'poweroff' : 'reboot'
  await guest.sh('echo written just before > /mnt/file')
  const mark = device.mark()
  await device.control(word)
  await device.until(mark, 'ack', { value })
  await guest.said(/guest: user space stops/)
  assert.deepEqual(
    device.since(mark, 'ack').map((e) => e.value),
    [value],
    'acknowledged once',
  )
  // Acknowledged before the 3 s were over: the timer is set anew, and to the long one.
  assert.deepEqual(
    device.since(mark, 'timer').map((e) => e.value),
    [3, 120],
  )
  const asked = guest.console.match(/guest: \w+ was asked for/g)
  assert.deepEqual(asked, [`guest: ${program} was asked for`], 'user space was asked once')
}

async function fileIsThere(guest: Guest): Promise<void> {
  assert.equal((await guest.diskFile('/file')).trim(), 'written just before')
}

onEachKernel(
  'stop, without ACPI: ends as vmm ends a halted VM',
  { disk: 'empty' },
  async (guest) => {
    await goesDown(guest, 'stop')
    await guest.endWhenHalted()
    assert.equal(guest.device.since(0, 'announced').length, 0, 'what the host asked for is no news')
    await fileIsThere(guest)
  },
)

onEachKernel('stop, with ACPI', { disk: 'empty', acpi: true }, async (guest) => {
  await goesDown(guest, 'stop')
  await guest.end()
  await fileIsThere(guest)
})

onEachKernel('reboot', { disk: 'empty', again: true }, async (guest) => {
  await goesDown(guest, 'reboot')
  assert.equal((await guest.device.until(0, 'vm-end')).why, 'guest reset')
  await guest.end()
  await fileIsThere(guest)
})

for (const acpi of [false, true])
  onEachKernel(
    `poweroff is announced, ${acpi ? 'with' : 'without'} ACPI`,
    { acpi },
    async (guest) => {
      const { device } = guest
      const mark = device.mark()
      guest.start('poweroff')
      await device.until(mark, 'announced')
      assert.deepEqual(
        device.since(mark, 'ack').map((e) => e.value),
        [command.shutdown],
      )
      if (acpi) await guest.end()
      else await guest.endWhenHalted()
    },
  )

test('a guest that nobody drives is ended at once', () =>
  inGuest('stop without a driver', { series: '6.12', append: withoutOurs }, async (guest) => {
    await guest.device.control('stop')
    assert.equal((await guest.device.until(0, 'vm-end')).why, 'no driver')
    await guest.end()
  }))

test('a guest that never acknowledges is ended after 3 s', () =>
  inGuest('stop without ACK', { series: '6.12', features: 5 }, async (guest) => {
    const { device } = guest
    // Busy with its own end for longer than that.
    await guest.sh('echo "sleep 1000" > /etc/stop')
    await device.control('stop')
    const end = await device.until(0, 'vm-end')
    assert.equal(end.why, 'timeout')
    assert.deepEqual(
      device.since(0, 'timer').map((e) => e.value),
      [0, 3],
    )
    await guest.end()
  }))

test('a guest that acknowledges and does not end is ended after 120 s', () =>
  inGuest('stop that hangs', { series: '6.12' }, async (guest) => {
    const { device } = guest
    await guest.sh('echo "sleep 1000" > /etc/stop')
    await device.control('stop')
    const ack = await device.until(0, 'ack')
    const end = await device.until(0, 'vm-end')
    assert.equal(end.why, 'timeout')
    assert.equal((end.ns - ack.ns) / 1_000_000_000n, 120n)
    await guest.end()
  }))
