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

/** Polls by which an hour of idling is told, one a second; the default interval makes 240 in an hour. */
const IDLE_POLLS = 60
const POLLS_AN_HOUR = 240
/** How often it is bound anew, sleeps, and is stopped. */
const BINDS = 20
const STOPS = 5

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
  // It looks at the command again once the clock is set.
  const after = await device.until(device.events.indexOf(ack), 'read', { offset: register.command })
  const accesses = device.events.slice(mark).filter(isAccess).length
  return {
    thrown,
    left: await guest.clockError(),
    acknowledged: Number(ack.ns - interrupt.ns),
    stepped: Number(after.ns - interrupt.ns),
    accesses,
  }
}

async function byRtc(guest: Guest): Promise<{ thrown: number; left: ClockError }> {
  const thrown = await throwOff(guest)
  await guest.sh('rtc-to-clock')
  return { thrown, left: await guest.clockError() }
}

/** Accesses in an hour of nothing at the default interval. */
async function idle(guest: Guest): Promise<number> {
  const { device } = guest
  await guest.parameter('poll_interval', 1)
  const first = await device.until(device.mark(), 'read', { offset: register.microseconds })
  const mark = device.events.indexOf(first) + 1
  const last = await device.until(mark, 'read', { offset: register.microseconds }, IDLE_POLLS)
  const polls = Number(last.ns - first.ns) / 1e9
  const accesses = device.events.slice(mark, device.events.indexOf(last) + 1).filter(isAccess)
  await guest.parameter('poll_interval', 0)
  return (accesses.length / polls) * POLLS_AN_HOUR
}

/** What is left 100 ms after the driver is there again, of a clock that was half a second off at most. */
async function leftAfter(guest: Guest, comesBack: string): Promise<ClockError> {
  const { device } = guest
  await guest.sh(`shift-clock ${Math.round((Math.random() - 0.5) * 1e9)}`)
  const mark = device.mark()
  await guest.sh(comesBack)
  await device.until(mark, 'driver-ok')
  await wait(100)
  return guest.clockError()
}

const bind =
  'cd /sys/bus/virtio/drivers/virtio_vmmci; d=$(ls -d virtio*); echo $d > unbind; echo $d > bind'
const sleepAndWake =
  'echo 0 > /sys/module/suspend/parameters/pm_test_delay; echo devices > /sys/power/pm_test; echo freeze > /sys/power/state'

/** From vmctl stop to the end of the VM, ns; with busybox's init, which has nothing to stop. */
async function stopped(): Promise<number> {
  const guest = await Guest.boot({ series: SERIES, acpi: true })
  try {
    const { device } = guest
    const mark = device.mark()
    await device.control('stop')
    const end = await device.until(mark, 'vm-end')
    return Number(end.ns - (device.since(mark, 'interrupt')[0] ?? end).ns)
  } finally {
    await guest.dispose()
  }
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
    const [bound, woken]: ClockError[][] = [[], []]
    for (let i = 0; i < BINDS; i++) {
      bound?.push(await leftAfter(guest, bind))
      woken?.push(await leftAfter(guest, sleepAndWake))
    }
    const perHour = await idle(guest)
    await guest.checkQuiet()

    const stops: number[] = []
    for (let i = 0; i < STOPS; i++) stops.push(await stopped())

    const off = (errors: ClockError[] = []) => errors.map(({ ns }) => Math.abs(ns))
    const left = (syncs: { left: ClockError }[]) => syncs.map((sync) => Math.abs(sync.left.ns))
    const rows: [string, number[], string][] = [
      ['error left, SYNCRTC', left(ours), 'median 0.3 ms, p99 1 ms'],
      ['error left, RTC and half a second', left(theirs), ''],
      ['error left, 100 ms after the bind', off(bound), '1 ms'],
      ['error left, 100 ms after resume', off(woken), '50 us'],
      ['from vmctl stop to its end', stops, ''],
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
      `${JSON.stringify({ kernel: SERIES, clocksource, perHour, ours, theirs, bound, woken, stops }, null, 2)}\n`,
    )
    writeFileSync(join(home, 'docs/pictures/clock.svg'), picture(clocksource, ours, theirs))
  } finally {
    await guest.dispose()
  }
}
