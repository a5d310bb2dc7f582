import assert from 'node:assert/strict'
import { command, type Device, register } from '../support/device.ts'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { sync } from '../support/synced.ts'

/** Has user space be asked and do nothing, so that one guest can be asked many times. */
const deaf = (guest: Guest) =>
  guest.sh(`for word in reboot poweroff; do
    printf '#!/bin/sh\necho "guest: %s was asked for" > /dev/kmsg\n' $word > /sbin/$word
  done`)

const asked = (guest: Guest) => guest.sh("dmesg | grep -c 'guest: .* was asked for' || true")

/** A driver that was never asked for anything, bound to a device that never asked. */
async function anew(guest: Guest): Promise<void> {
  await guest.sh(`cd /sys/bus/virtio/drivers/virtio_vmmci
    device=$(ls -d virtio*); echo $device > unbind`)
  await guest.device.control('forget')
  const mark = guest.device.mark()
  await guest.sh(`cd /sys/bus/virtio/devices/virtio*; basename $PWD > /sys/bus/virtio/drivers/virtio_vmmci/bind
    dmesg -c > /dev/null`)
  await guest.device.until(mark, 'read', { offset: register.command, value: 0 })
}

const acks = (device: Device, mark: number) => device.since(mark, 'ack').map((e) => e.value)

onEachKernel(
  'a stop at each access of a SYNCRTC',
  { acpi: true, own: true },
  async (guest, series) => {
    const { device } = guest
    await guest.parameter('poll_interval', 0)
    // The clock is set by a SYNCRTC alone.
    await guest.parameter('step_threshold_ms', 0)
    await deaf(guest)
    const lost: string[] = []
    for (let n = 1; ; n++) {
      await anew(guest)
      const mark = device.mark()
      await device.control(`clock ${n * 3} 0`)
      await device.control(`at ${n} stop`)
      await device.control('sync')
      // A stop that came first has taken the register; else the driver looks again once it is done.
      const first = await device.until(mark, 'ack')
      if (first.value === command.syncrtc)
        await device.until(device.events.indexOf(first), 'read', { offset: register.command })
      if ((await device.control('status')).waiting > 0) break
      const stop = device.events.findIndex((e, i) => i >= mark && e.event === 'at')
      const next = device.events.slice(stop).find((e) => /^(read|write)$/.test(e.event))
      // Between the read of SYNCRTC and its acknowledgement nobody can hear of it.
      if (next?.event === 'write' && next.offset === register.command) {
        lost.push(`${n}`)
        continue
      }
      await device.until(mark, 'ack', { value: command.reboot })
      assert.equal(device.since(mark, 'timer').at(-1)?.value, 120, `at access ${n}`)
      await guest.sh("until dmesg | grep -q 'was asked for'; do :; done")
      assert.equal(await asked(guest), '1', `at access ${n}`)
    }
    console.log(`# ${series}: lost at ${lost.join(', ') || 'none'}`)
    assert.equal(lost.length, 1, 'the one place where it cannot be heard')
  },
)

onEachKernel(
  'each stop is acknowledged, and user space asked once',
  { own: true },
  async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 0)
    await deaf(guest)
    await anew(guest)
    const mark = device.mark()
    await device.control('shutdown')
    await device.until(mark, 'ack', { value: command.shutdown })
    await sync(device)
    const second = device.mark()
    await device.control('shutdown')
    await device.until(second, 'ack', { value: command.shutdown })
    await device.control('stop')
    await device.until(second, 'ack', { value: command.reboot })
    assert.deepEqual(acks(device, mark), [1, 3, 1, 2])
    assert.equal((await device.control('status')).timer > 3, true)
    assert.equal(await guest.attribute('shutdown_count'), '2')
    await guest.sh("until dmesg | grep -q 'was asked for'; do :; done")
    assert.equal(await asked(guest), '1')
  },
)

onEachKernel(
  'what a former driver left does not silence the line',
  { own: true },
  async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 0)
    for (const line of ['i8259', 'level']) {
      const pci = await guest.sh('cd /sys/bus/pci/drivers/virtio-pci-obsd; ls -d 0000:*')
      await guest.sh(`echo ${pci} > /sys/bus/pci/drivers/virtio-pci-obsd/unbind`)
      await device.control(`line ${line}`)
      // Its interrupt status is up, and so is the line.
      await device.control('command 3')
      assert.equal((await device.control('status')).isr, 2)
      const mark = device.mark()
      await guest.sh(`echo ${pci} > /sys/bus/pci/drivers/virtio-pci-obsd/bind`)
      await device.until(mark, 'ack', { value: command.syncrtc })
      const before = device.events.findIndex((e, i) => i >= mark && e.event === 'driver-ok')
      const read = device.since(mark, 'read', { offset: register.isr })[0]
      assert.ok(read && device.events.indexOf(read) < before, 'read before the driver is there')
      await sync(device)
    }
  },
)

onEachKernel('an unknown command that stays is told once', { acpi: true }, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  let mark = device.mark()
  await device.control('command 77')
  await device.until(mark, 'read', { offset: register.command, value: 77 })
  mark = device.mark()
  await guest.sh(`echo 1 > /sys/module/suspend/parameters/pm_test_delay
    echo devices >/sys/power/pm_test; echo freeze >/sys/power/state`)
  await device.until(mark, 'read', { offset: register.command, value: 77 })
  await device.control('command 77')
  await device.until(mark, 'read', { offset: register.command, value: 77 }, 2)
  await device.control('command 0')
  await sync(device)
  assert.equal(await guest.attribute('unknown_count'), '2', 'the one that came anew counts')
})

onEachKernel('the answer does not wait for memory', {}, async (guest) => {
  assert.match(await guest.sh('ps'), /\[(kworker\/R-)?vmmci\]/, 'a rescuer')
})

onEachKernel(
  'user space hangs: its files are written',
  { disk: 'empty', own: true },
  async (guest) => {
    const { device } = guest
    await guest.sh(`echo 'sleep 1000' > /etc/stop
    echo 0 > /proc/sys/vm/dirty_writeback_centisecs
    echo never synced > /mnt/file`)
    await device.control('stop')
    await guest.said(/Filesystems sync/)
    await device.control('speed 120')
    assert.equal((await device.until(0, 'vm-end')).why, 'timeout')
    await guest.end()
    assert.equal((await guest.diskFile('/file')).trim(), 'never synced')
  },
)
