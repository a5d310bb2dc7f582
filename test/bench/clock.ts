import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { median, quantile } from 'simple-statistics'
import { home } from '../../scripts/home.ts'
import { plot } from '../../scripts/look/plot.ts'
import { register } from '../support/device.ts'
import { type ClockError, Guest } from '../support/guest.ts'

/**
 * npm run bench -- clock: what is left of a clock that was thrown off, after a SYNCRTC by our driver
 * and after the public driver's way (whole seconds of the RTC, and half a one), in turn in one run.
 * Every error is told by readings that neither has a part in. Written to build/clock.json and
 * docs/pictures/clock.svg.
 */
const SYNCS = 50
const SERIES = '6.12'

/** Polls of the default interval by which an hour of idling is told. */
const IDLE_POLLS = 4
const SAMPLES = 5

interface Sync {
  /** How far it was thrown off before, s. */
  thrown: number
  left: ClockError
  /** From the interrupt to the acknowledgement, and to the first reading after the step; ns. */
  acknowledged: number
  stepped: number
  accesses: number
}

const isAccess = ({ event }: { event: string }) => event === 'read' || event === 'write'

/** At a random moment of a second, by up to an hour either way. */
async function throwOff(guest: Guest): Promise<number> {
  await wait(Math.random() * 1000)
  const seconds = (Math.random() * 2 - 1) * 3600
  await guest.sh(`shift-clock ${Math.round(seconds * 1e9)}`)
  return seconds
}

async function bySyncrtc(guest: Guest): Promise<Sync> {
  const { device } = guest
  const thrown = await throwOff(guest)
  const mark = device.mark()
  await device.control('sync')
  const interrupt = await device.until(mark, 'interrupt')
  const ack = await device.until(mark, 'ack')
  const accesses = device.events.slice(mark).filter(isAccess).length
  const after = device.since(mark, 'read', { offset: register.seconds })[SAMPLES]
  return {
    thrown,
    left: await guest.clockError(),
    acknowledged: Number(ack.ns - interrupt.ns),
    stepped: Number((after ?? ack).ns - interrupt.ns),
    accesses,
  }
}

async function byRtc(guest: Guest): Promise<{ thrown: number; left: ClockError }> {
  const thrown = await throwOff(guest)
  await guest.sh('rtc-to-clock')
  return { thrown, left: await guest.clockError() }
}

/** Accesses in an hour of nothing, from some polls at the default interval of 15 s. */
async function idle(guest: Guest): Promise<number> {
  const { device } = guest
  const nextPoll = (from: number, polls: number) =>
    device.until(from, 'read', { offset: register.microseconds }, polls * SAMPLES)
  await guest.parameter('poll_interval', 15)
  const first = await nextPoll(device.mark(), 1)
  const mark = device.mark()
  const last = await nextPoll(mark, IDLE_POLLS)
  const seconds = Number(last.ns - first.ns) / 1e9
  return (device.events.slice(mark).filter(isAccess).length / seconds) * 3600
}

const ms = (ns: number) => `${(ns / 1e6).toFixed(3)} ms`

function picture(
  clocksource: string,
  ours: { left: ClockError }[],
  theirs: { left: ClockError }[],
): string {
  const points = (syncs: { left: ClockError }[]): [number, number][] =>
    syncs.map((sync, i) => [i + 1, Math.abs(sync.left.ns) / 1e6])
  return plot({
    title: `Clock error left after a synchronisation, Linux ${SERIES} (${clocksource})`,
    x: 'synchronisation',
    y: 'ms, logarithmic',
    logarithmic: true,
    series: [
      { name: 'from the RTC, as the public driver', points: points(theirs) },
      { name: 'vmmci-dkms', points: points(ours) },
    ],
  })
}

export async function benchClock(): Promise<void> {
  const guest = await Guest.boot({ series: SERIES, acpi: true })
  try {
    const clocksource = await guest.clocksource()
    await guest.parameter('poll_interval', 0)
    const ours: Sync[] = []
    const theirs: { thrown: number; left: ClockError }[] = []
    for (let i = 0; i < SYNCS; i++) {
      ours.push(await bySyncrtc(guest))
      theirs.push(await byRtc(guest))
    }
    const perHour = await idle(guest)
    await guest.checkQuiet()

    const left = (syncs: { left: ClockError }[]) => syncs.map((sync) => Math.abs(sync.left.ns))
    const rows: [string, number[], string][] = [
      ['error left, SYNCRTC', left(ours), 'median 0.3 ms, p99 1 ms'],
      ['error left, RTC and half a second', left(theirs), ''],
      ['acknowledged after', ours.map((sync) => sync.acknowledged), 'at most 100 ms'],
      ['stepped after', ours.map((sync) => sync.stepped), ''],
      ['what the readings are known to', ours.map((sync) => sync.left.window / 2), ''],
    ]
    console.log(`kernel ${SERIES}, clocksource ${clocksource}, ${SYNCS} syncs each way, in turn`)
    console.log(`${''.padEnd(34)}     median          p99  goal`)
    for (const [what, values, goal] of rows)
      console.log(
        `${what.padEnd(34)} ${ms(median(values)).padStart(12)} ${ms(quantile(values, 0.99)).padStart(12)}  ${goal}`.trimEnd(),
      )
    const accesses = ours.map((sync) => sync.accesses)
    console.log(`device accesses per sync: ${median(accesses)} (most: ${Math.max(...accesses)})`)
    console.log(`device accesses per hour of idling: ${perHour.toFixed(0)}`)
    console.log(
      `median against median: ${(median(left(theirs)) / median(left(ours))).toFixed(0)} times`,
    )

    mkdirSync(join(home, 'build'), { recursive: true })
    writeFileSync(
      join(home, 'build/clock.json'),
      `${JSON.stringify({ kernel: SERIES, clocksource, perHour, ours, theirs }, null, 2)}\n`,
    )
    writeFileSync(join(home, 'docs/pictures/clock.svg'), picture(clocksource, ours, theirs))
  } finally {
    await guest.dispose()
  }
}
