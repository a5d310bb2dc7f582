import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootMeanSquare } from 'simple-statistics'
import { ownConfig, readTwice, startChrony, untilFileSays } from '../support/daemons.ts'
import { Guest, using } from '../support/guest.ts'
import { allSeries, type Series } from '../support/kernels.ts'
import { served, sync } from '../support/synced.ts'

const GOAL_NS = 50e3

/** So many errors in a row tell an RMS, one every other second. */
const ROW = 20
/** And so many that it is time to ask for that. */
const FEW = 10
/** And so many chrony may take to find the clock's rate: its filter learns for minutes if it began badly. */
const MOST = 20 * ROW

/** The clock's error after chrony has read the host's twice, ns. */
async function error(guest: Guest): Promise<number> {
  await readTwice(guest)
  return (await guest.clockError()).ns
}

/** Waits until a few errors in a row are right. */
async function converged(guest: Guest): Promise<void> {
  const all: number[] = []
  do {
    all.push(await error(guest))
    assert.ok(all.length < MOST, `never right: ${all.map(Math.round).join(', ')} ns`)
  } while (all.length < FEW || rootMeanSquare(all.slice(-FEW)) > GOAL_NS)
}

/** The RMS error of the row from now on, whatever is in it, ns; fails where that is not right. */
async function kept(guest: Guest): Promise<number> {
  const all: number[] = []
  while (all.length < ROW) all.push(await error(guest))
  const rms = rootMeanSquare(all)
  assert.ok(rms < GOAL_NS, `RMS ${Math.round(rms)} ns of ${all.map(Math.round).join(', ')} ns`)
  return rms
}

async function followed(guest: Guest): Promise<string> {
  const { device } = guest
  assert.equal(await guest.clocksource(), 'tsc')
  await device.control('clock 0 50')
  await sync(device)
  await startChrony(guest, ownConfig())
  await untilFileSays(guest, '/tmp/chronyd.log', 'Selected source VMCI')
  const start = await guest.epoch()
  await converged(guest)
  const rms = await kept(guest)
  const before = await guest.epoch()
  assert.ok(Math.abs(before - start) < 50e3, 'a step')

  const mark = device.mark()
  await device.control('sleep 28800')
  await served(device, mark)
  assert.ok(Math.abs((await guest.clockError()).ns) < 1e6, 'right as soon as it is acknowledged')
  const rmsAfter = await kept(guest)

  // One step, forward, and by the driver.
  const stepped = (await guest.epoch()) - before
  assert.ok(Math.abs(stepped - 28800e9) < 1e9, `${stepped} ns`)
  // At boot, at the first SYNCRTC, and now.
  assert.equal(await guest.attribute('sync_count'), '3')
  assert.doesNotMatch(await guest.sh('cat /tmp/chronyd.log'), /stepped/)
  const us = (ns: number) => `${(ns / 1e3).toFixed(1)} us`
  return `RMS ${us(rms)}, after the sleep ${us(rmsAfter)}`
}

/** Followed side by side, since that is waiting for the most part; booted in turn before, since that is not. */
test('chrony with this clock alone, also after eight hours of sleep', {
  concurrency: true,
}, async (t) => {
  const boots: Promise<Guest>[] = []
  for (const series of allSeries) {
    const earlier = Promise.allSettled(boots)
    boots.push(earlier.then(() => Guest.boot({ series, acpi: true, disk: 'node' })))
  }
  await Promise.allSettled(boots)
  const follow = (series: Series, boot: Promise<Guest>) =>
    t.test(series, async () => {
      const run = async (guest: Guest) => console.log(`# ${series}: ${await followed(guest)}`)
      await using(await boot, `chrony ${series}`, run)
    })
  await Promise.all(allSeries.map((series, i) => follow(series, boots[i] as Promise<Guest>)))
})
