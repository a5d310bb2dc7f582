import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { command, type Device, type DeviceEvent, register } from '../support/device.ts'
import { type Guest, inGuest, kernelsFor } from '../support/guest.ts'

/** Of each guest, with some three words each: a thousand in all. The two have both interrupt lines. */
const ROUNDS = 170
/** Beyond what a driver does for a SYNCRTC and a stop. */
const FARTHEST = 40

const words = ['stop', 'sync', 'shutdown'] as const

/** What the host says, and by how many of the guest's accesses each comes after the one before. */
type Plan = { word: (typeof words)[number]; gap: number }[]

const randomPlan = (): Plan =>
  Array.from({ length: randomInt(2, 5) }, () => ({
    word: words[randomInt(words.length)] as (typeof words)[number],
    gap: randomInt(1, FARTHEST),
  }))

const isStop = (value?: number) => value === command.shutdown || value === command.reboot

interface Verdict {
  /** Asked for, and not acknowledged. */
  lost: number[]
  /** Stops that no driver can save: a SYNCRTC took the register, or they came between its read and its ack. */
  beyondHelp: number
  stops: number
}

/** What became of all that was asked for, by the device's log. */
function judge(events: DeviceEvent[]): Verdict {
  const verdict: Verdict = { lost: [], beyondHelp: 0, stops: 0 }
  let pending: number | undefined
  let last: DeviceEvent | undefined
  for (const e of events) {
    if (e.event === 'interrupt') {
      if (isStop(e.value)) verdict.stops++
      // Of two stops the later one is served.
      else if (isStop(pending)) verdict.beyondHelp++
      pending = e.value
    } else if (e.event === 'ack') {
      if (e.value === command.syncrtc && isStop(pending)) {
        const direct = last?.offset === register.command && last.value === command.syncrtc
        if (direct) verdict.beyondHelp++
        else verdict.lost.push(pending as number)
      }
      if (e.value === command.syncrtc || e.value === pending) pending = undefined
    } else if (e.event === 'read' && e.offset !== register.isr) last = e
  }
  if (pending !== undefined) verdict.lost.push(pending)
  return verdict
}

/** Waits until the driver has read, and where need be acknowledged, what the newest interrupt tells of. */
async function answered(device: Device, mark: number): Promise<void> {
  const newest = () => {
    device.mark()
    return device.events.findLastIndex((e, i) => i >= mark && e.event === 'interrupt')
  }
  for (let at = -1; at < newest(); ) {
    at = newest()
    const read = await device.until(at, 'read', { offset: register.command })
    if (read.value) await device.until(device.events.indexOf(read), 'ack')
  }
}

/** Until all that was planned has come, by accesses that the driver has no part in, and is answered. */
async function settle(guest: Guest, mark: number): Promise<void> {
  const { device } = guest
  await answered(device, mark)
  while ((await device.control('status')).waiting > 0) await guest.clockError()
  await answered(device, mark)
}

async function round(guest: Guest, plan: Plan): Promise<Verdict> {
  const { device } = guest
  const [said, mark] = [guest.console.length, device.mark()]
  let at = 0
  for (const { word, gap } of plan.slice(1)) {
    at += gap
    await device.control(`at ${at} ${word}`)
  }
  await device.control(plan[0]?.word ?? 'sync')
  await settle(guest, mark)
  const { timer } = await device.control('status')
  device.mark()
  const verdict = judge(device.events.slice(mark))
  const told = `${plan.map(({ word, gap }) => `${gap}: ${word}`).join(', ')}`
  assert.deepEqual(verdict.lost, [], told)
  if (verdict.stops > 0 && verdict.beyondHelp === 0) {
    assert.equal(timer, 120, `vmd waits for an answer: ${told}`)
    await guest.said(/was asked for/, said)
  }
  await device.control('forget')
  const asked = guest.console.slice(said).match(/was asked for/g) ?? []
  assert.ok(asked.length <= 1, `user space was asked ${asked.length} times: ${told}`)
  return verdict
}

/** A driver that was asked for nothing yet. */
const rebind = (guest: Guest, device: Device) => {
  const mark = device.mark()
  return guest
    .sh(
      'cd /sys/bus/virtio/drivers/virtio_vmmci; d=$(ls -d virtio*); echo $d >unbind; echo $d >bind',
    )
    .then(() => device.until(mark, 'driver-ok'))
}

for (const series of kernelsFor('ends'))
  test(`${series}: ${ROUNDS} times stops and SYNCRTCs at any access, in any order`, () =>
    inGuest('races', { series }, async (guest) => {
      const { device } = guest
      await guest.parameter('poll_interval', 0)
      // User space is asked, and goes on; vmd waits long enough for the slowest machine.
      await guest.sh(`for program in reboot poweroff; do
        printf '#!/bin/sh\\necho "guest: $1 was asked for" >/dev/kmsg\\n' > /sbin/$program
      done`)
      await device.control('speed 0.01')
      let [stops, beyondHelp] = [0, 0]
      for (let n = 0; n < ROUNDS; n++) {
        const verdict = await round(guest, randomPlan())
        stops += verdict.stops
        beyondHelp += verdict.beyondHelp
        if (verdict.stops > 0) await rebind(guest, device)
      }
      console.log(`# ${series}: ${stops} stops, of which ${beyondHelp} could not be saved`)
    }))
