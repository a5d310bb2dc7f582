import assert from 'node:assert/strict'
import { command, register } from '../support/device.ts'
import { type Guest, onEachKernel, withoutOurs } from '../support/guest.ts'
import { sync } from '../support/synced.ts'

/** vmctl's stop asks for a reboot; nothing asks for a shutdown today, and it is served all the same. */
const asks = {
  stop: { value: command.reboot, program: 'reboot' },
  shutdown: { value: command.shutdown, program: 'poweroff' },
} as const

/** Has the host ask, with a file just written, and looks at what the guest did about it. */
async function goesDown(guest: Guest, word: keyof typeof asks): Promise<void> {
  const { device } = guest
  const { value, program } = asks[word]
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

/** Waits for the end that the device makes. */
async function endsBy(guest: Guest, why: string): Promise<void> {
  assert.equal((await guest.device.until(0, 'vm-end')).why, why)
  await guest.end()
}

// Any other reset would have it start again.
onEachKernel(
  'vmctl stop, and the reset ends it',
  { on: 'all', own: true, disk: 'empty', again: true },
  async (guest) => {
    await goesDown(guest, 'stop')
    await endsBy(guest, 'guest reset')
    assert.equal(guest.device.since(0, 'announced').length, 0, 'what the host asked for is no news')
    await fileIsThere(guest)
  },
)

// As systemd does since 254: a kernel that kexec has loaded is started where a reboot was asked for. vmd
// waits for a reset, so the next kernel's driver has to find what was asked, and ask again. For debug
// kernels see life.test.ts.
onEachKernel(
  'vmctl stop, and a kernel that was loaded for kexec',
  { own: true, debug: false, disk: 'kernel', again: true },
  async (guest) => {
    const { device } = guest
    await guest.sh(`kexec -l /mnt/vmlinuz --initrd=/mnt/initrd --reuse-cmdline; umount /mnt
      printf '#!/bin/sh\nexec kexec -e\n' > /sbin/reboot`)
    const mark = device.mark()
    await device.control('stop')
    await endsBy(guest, 'guest reset')
    const acks = device.since(mark, 'ack').map((e) => e.value)
    assert.deepEqual(acks, [command.reboot, command.reboot])
    assert.equal(device.since(mark, 'driver-ok').length, 1)
  },
)

onEachKernel(
  'a shutdown, without ACPI: ends as vmm ends a halted VM',
  { own: true, disk: 'empty' },
  async (guest) => {
    await goesDown(guest, 'shutdown')
    await guest.endWhenHalted()
    assert.equal(guest.device.since(0, 'announced').length, 0, 'what the host asked for is no news')
    await fileIsThere(guest)
  },
)

onEachKernel('a shutdown, with ACPI', { own: true, disk: 'empty', acpi: true }, async (guest) => {
  await goesDown(guest, 'shutdown')
  await guest.end()
  await fileIsThere(guest)
})

for (const acpi of [false, true])
  onEachKernel(
    `poweroff is announced, ${acpi ? 'with' : 'without'} ACPI`,
    { on: 'all', own: true, acpi },
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
      // vmd ends a guest without a driver where it stands, with what is not written.
      assert.deepEqual(
        device.since(mark, 'write', { offset: register.status }),
        [],
        'the driver stays to the end',
      )
    },
  )

// The old interfaces for the end of a machine know of one caller, and sysctl of one table.
onEachKernel(
  'two devices: both are heard, and what only one can have is said once',
  { own: true, second: true },
  async (guest) => {
    const devices = [guest.device, guest.second].filter((device) => device !== undefined)
    assert.equal(devices.length, 2)
    for (const device of devices) await sync(device)
    const said = (words: string) => guest.console.split(words).length - 1
    assert.equal(said('no sysctl vmmci'), 1)
    const silent = said('power-off will not be announced')
    assert.ok(silent <= 1)
    guest.start('poweroff')
    // The first one always is.
    for (const device of devices.slice(0, 2 - silent)) await device.until(0, 'announced')
    await guest.endWhenHalted()
  },
)

onEachKernel(
  'a stop at the last look of a guest that powers off is answered',
  { on: '6.12', own: true, acpi: true, cpus: 2 },
  async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 0)
    const mark = device.mark()
    await device.control('at 1 stop')
    guest.start('poweroff')
    await guest.end()
    const acks = device.since(mark, 'ack').map((e) => e.value)
    assert.deepEqual(acks, [command.reboot])
    assert.doesNotMatch(guest.console, /requested by host/, 'it is going down already')
  },
)

// The kernel says each device that it shuts down, and takes its time over it.
onEachKernel(
  'what comes while a guest powers off is answered, and starts nothing',
  { own: true, acpi: true, cpus: 2 },
  async (guest) => {
    const { device } = guest
    await guest.sh(`echo 1 > /sys/module/kernel/parameters/initcall_debug
      echo 50 > /proc/sys/kernel/printk_delay`)
    guest.start('poweroff')
    await guest.said(/: shutdown\n/)
    const mark = device.mark()
    for (const [word, value] of [
      ['sync', command.syncrtc],
      ['stop', command.reboot],
      ['sync', command.syncrtc],
      ['shutdown', command.shutdown],
    ] as const) {
      const asked = device.mark()
      await device.control(word)
      await device.until(asked, 'ack', { value })
    }
    assert.doesNotMatch(guest.console, /Power down/, 'it was under way all the time')
    await guest.end()
    assert.equal(device.since(mark, 'ack').length, 4)
    assert.doesNotMatch(guest.console, /requested by host/)
  },
)

onEachKernel(
  "a guest's own reboot starts it again, and no timer ends it",
  { on: '6.12', own: true, again: true },
  async (guest) => {
    const { device } = guest
    const mark = device.mark()
    guest.start('reboot')
    await device.until(mark, 'machine-reset')
    await guest.ready()
    await device.until(mark, 'driver-ok')
    assert.deepEqual(device.since(mark, 'announced'), [])
    assert.equal((await device.control('status')).timer, 0)
  },
)

onEachKernel('after start -B the same is its end', { on: '6.12', own: true }, async (guest) => {
  guest.start('reboot')
  await endsBy(guest, 'guest reset')
})

onEachKernel(
  'a guest that nobody drives is ended at once',
  { on: '6.12', own: true, append: withoutOurs },
  async (guest) => {
    await guest.device.control('stop')
    await endsBy(guest, 'no driver')
  },
)

onEachKernel('stop --force asks nobody', { on: '6.12', own: true }, async (guest) => {
  const mark = guest.device.mark()
  await guest.device.control('stop --force')
  await endsBy(guest, 'stop --force')
  assert.deepEqual(guest.device.since(mark, 'interrupt'), [])
})

onEachKernel(
  'a guest that never acknowledges is ended after 3 s',
  { on: '6.12', own: true, features: 5 },
  async (guest) => {
    // Busy with its own end for longer than that.
    await guest.sh('echo "sleep 1000" > /etc/stop')
    await guest.device.control('stop')
    await endsBy(guest, 'timeout')
    assert.deepEqual(
      guest.device.since(0, 'timer').map((e) => e.value),
      [3],
    )
  },
)

onEachKernel(
  'a guest that acknowledges and does not end is ended after 120 s',
  { on: '6.12', own: true },
  async (guest) => {
    const { device } = guest
    await guest.sh('echo "sleep 1000" > /etc/stop')
    await device.control('stop')
    await device.until(0, 'ack')
    // vmd's 120 s, in one.
    await device.control('speed 120')
    await endsBy(guest, 'timeout')
    assert.deepEqual(
      device.since(0, 'timer').map((e) => e.value),
      [3, 120],
    )
  },
)

onEachKernel(
  'a guest that is paused does not hear of a stop, and vmd does not wait',
  { on: '6.12', own: true },
  async (guest) => {
    const { device } = guest
    await device.control('pause')
    await device.control('stop')
    await endsBy(guest, 'timeout')
    assert.deepEqual(device.since(0, 'ack'), [])
  },
)
