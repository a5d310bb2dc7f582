import assert from 'node:assert/strict'
import { rootMeanSquare } from 'simple-statistics'
import { beyondDoubt, ownConfig, settle, startChrony, untilFileSays } from '../support/daemons.ts'
import { type ClockError, type Guest, onEachKernel } from '../support/guest.ts'

const GOAL_NS = 50e3

/** So many readings, one after the other. */
async function errors(guest: Guest, times: number): Promise<ClockError[]> {
  const all: ClockError[] = []
  while (all.length < times) all.push(await guest.clockError())
  return all
}

const epoch = async (guest: Guest) => Number(await guest.sh('epoch'))

/**
 * Waits until chrony has found the clock, and tells the RMS error of the first hundred readings that are
 * right, ns. How sure chrony is of itself is no measure here: emulation's jitter can keep that away for
 * minutes, and throw it off; it has two thousand readings to come in.
 */
async function converged(guest: Guest): Promise<number> {
  await settle(guest)
  const seen: number[] = []
  while (seen.length < 20) {
    const readings = await errors(guest, 100)
    const rms = rootMeanSquare(readings.map(({ ns }) => ns))
    if (rootMeanSquare(readings.map(beyondDoubt)) < GOAL_NS) {
      if (seen.length > 0) console.log(`# not yet: RMS ${seen.map(Math.round).join(', ')} ns`)
      return rms
    }
    seen.push(rms)
  }
  assert.fail(`RMS ${seen.map(Math.round).join(', ')} ns`)
}

onEachKernel(
  'chrony with this clock alone, also after eight hours of sleep',
  { acpi: true, disk: 'node' },
  async (guest, series) => {
    const { device } = guest
    await device.control('clock 0 50')
    await device.control('sync')
    await device.until(0, 'ack')
    await startChrony(guest, ownConfig())
    await untilFileSays(guest, '/tmp/chronyd.log', 'Selected source VMCI')
    const start = await epoch(guest)
    const rmsBefore = await converged(guest)
    const before = await epoch(guest)
    assert.ok(Math.abs(before - start) < 50e3, 'a step')

    const mark = device.mark()
    await device.control('sleep 28800')
    await device.until(mark, 'ack')
    assert.ok(beyondDoubt(await guest.clockError()) < 1e6, 'right as soon as it is acknowledged')
    const rmsAfter = await converged(guest)

    // One step, forward, and by the driver.
    const stepped = (await epoch(guest)) - before
    assert.ok(Math.abs(stepped - 28800e9) < 1e9, `${stepped} ns`)
    assert.equal(await guest.attribute('sync_count'), '2')
    assert.doesNotMatch(await guest.sh('cat /tmp/chronyd.log'), /stepped/)
    console.log(
      `# ${series}: RMS ${(rmsBefore / 1e3).toFixed(1)} us, after the sleep ${(rmsAfter / 1e3).toFixed(1)} us`,
    )
  },
)
