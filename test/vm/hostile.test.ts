import assert from 'node:assert/strict'
import { register } from '../support/device.ts'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { served, sync } from '../support/synced.ts'

/** What is said to the device, and whether a SYNCRTC goes with it. */
const modes: [name: string, words: string, sync?: boolean][] = [
  ['a number that is no command', 'command 4'],
  ['a number far beyond', 'command 305419896'],
  ['all ones as a command', 'command 4294967295'],
  ['seconds that are 0', 'sec 0', true],
  ['seconds near their end', 'sec 4294967290', true],
  ['microseconds beyond a second', 'usec 1000000', true],
  ['microseconds of all ones', 'usec 4294967295', true],
  ['time that runs backwards', 'backwards 1000', true],
  ['an interrupt without a status', 'irq'],
  ['a storm of 2,000 interrupts', 'storm 2000', true],
  ['slow answers', 'slow 20', true],
]

/** What the kernel has said; that it has enough random numbers it says when it likes. */
const lines = async (guest: Guest) =>
  Number(await guest.sh("dmesg | grep -v 'random: crng' | wc -l"))

/** Has the driver look at the host's clock, and waits until it has said what there is to say of that. */
async function looks(guest: Guest): Promise<void> {
  const mark = guest.device.mark()
  await guest.parameter('poll_interval', 1)
  await guest.device.until(mark, 'read', { offset: register.seconds })
  // Whoever reads this waits for the look.
  await guest.attribute('sync_count')
}

/** No mode may fill a disk: a few lines when it begins, and none while it goes on. */
async function staysQuiet(guest: Guest, work: () => Promise<void>): Promise<void> {
  const before = await lines(guest)
  await work()
  await looks(guest)
  const said = (await lines(guest)) - before
  assert.ok(said <= 12, `${said} lines when it began`)
  for (let i = 0; i < 3; i++) await looks(guest)
  assert.equal(await lines(guest), before + said, 'it goes on saying that')
}

// Two processors: the handler comes while the work is anywhere on the other one.
onEachKernel('lives through every hostile mode', { acpi: true, cpus: 2 }, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 1)
  await sync(device)
  const epoch = await guest.epoch()

  for (const [name, words, sync] of modes) {
    await staysQuiet(guest, async () => {
      const mark = device.mark()
      await device.control(words)
      if (sync) {
        await device.control('sync')
        await served(device, mark)
      }
    })
    // A sync that was honest may have corrected it, by what a millisecond has room for.
    const moved = (await guest.epoch()) - epoch
    assert.ok(Math.abs(moved) < 2e6, `${name} moved the clock by ${moved} ns`)
    await device.control('honest')
    await device.control('command 0')
    // Time that runs backwards begins at the last look: one that lies far back is nothing that a driver
    // could tell from a host set back.
    await looks(guest)
  }

  await sync(device)
})

onEachKernel('lives on when the device vanishes', { acpi: true }, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 1)
  const epoch = await guest.epoch()
  await staysQuiet(guest, async () => {
    await device.control('vanish')
    const mark = device.mark()
    await device.control('command 3')
    await device.until(mark, 'read', { offset: register.isr })
  })
  assert.ok(Math.abs((await guest.epoch()) - epoch) < 1e6)
  await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd')
})
