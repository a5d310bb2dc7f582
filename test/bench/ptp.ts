import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { median, rootMeanSquare } from 'simple-statistics'
import { home } from '../../scripts/home.ts'
import { plot } from '../../scripts/look/plot.ts'
import { ownConfig, startChrony } from '../support/daemons.ts'
import { type DeviceEvent, register } from '../support/device.ts'
import { Guest } from '../support/guest.ts'
import { allSeries, type Series } from '../support/kernels.ts'
import { sync } from '../support/synced.ts'

/**
 * npm run bench -- ptp: a guest's clock by three ways, side by side in one run, its host 50 ppm fast:
 * chrony on our PTP clock; our five-second step alone; whole seconds of the RTC at each SYNCRTC, as
 * the public driver has it. And what the first is on each kernel; polls.ts has other polls. Half way each
 * guest sleeps for eight hours, which vmd tells by a SYNCRTC.
 * Every error is told by readings that none of them has a part in; those of the first minutes, and of
 * the first after the sleep, are in the picture and not in the table. Written to build/ptp.json and
 * docs/pictures/ptp.svg.
 */
export const MINUTES = Number(process.env.VMMCI_BENCH_MINUTES ?? 30)
export const SERIES = '6.12'

const PPM = 50
const SLEEP_NS = -8 * 3600 * 1e9
/** Between two looks at all the guests, ms. */
const LOOK = 10_000
/** What a daemon has to find the clock's rate in, s; the same for those that look for none. */
const SETTLE = 180
const WINDOW_ROUNDS = 20
const WINDOW_READINGS = 500

interface Point {
  /** Since the start, s. */
  at: number
  /** Guest minus host, ns. */
  ns: number
  /** Whether it counts: no longer settling. */
  settled: boolean
}

interface Way {
  name: string
  disk?: 'node'
  /** Once the guest has booted. */
  begin: (guest: Guest) => Promise<unknown>
  /** After a SYNCRTC was acknowledged. */
  synced: (guest: Guest) => Promise<unknown>
  /** What the way itself does with the device. */
  own: (event: DeviceEvent) => boolean
}

const isAccess = ({ event }: DeviceEvent) => event === 'read' || event === 'write'

/** Without the reads by which an error is told. */
const byDriver = (event: DeviceEvent) => isAccess(event) && event.offset !== register.queuePage

const nothing = async () => {}

export const chronyBy = (name: string, config: string): Way => ({
  name,
  disk: 'node',
  begin: (guest) => startChrony(guest, config),
  synced: nothing,
  own: byDriver,
})

const chrony = chronyBy('chrony, PTP clock', ownConfig())

export const steps: Way = {
  name: 'five-second step',
  begin: nothing,
  synced: nothing,
  own: byDriver,
}

/** Our driver takes the command, and what it does with the clock is undone at once. */
const rtc: Way = {
  name: 'RTC at SYNCRTC',
  begin: async (guest) => {
    await guest.parameter('poll_interval', 0)
    await guest.sh('rtc-to-clock')
  },
  synced: async (guest) => {
    // vmd's RTC keeps the host's time and QEMU's this machine's, from which the host has parted.
    await guest.device.control(`clock 0 ${PPM}`)
    await guest.sh('rtc-to-clock')
  },
  own: (event) =>
    byDriver(event) && (event.offset === register.command || event.offset === register.isr),
}

const seconds = () => performance.now() / 1000

/** A guest that keeps its clock by one way, and what was seen of it. */
export class Run {
  readonly points: Point[] = []
  /** How far the guest's clock was stepped: CLOCK_REALTIME against CLOCK_MONOTONIC, ns. */
  stepped = 0
  private accesses = 0
  /** Of the guest's processor: what woke it, and what it was told by. */
  private interrupts = 0
  private interruptsBefore = 0
  /** For how long accesses were counted, s. */
  private watched = 0
  private epoch = 0
  private mark = 0
  private since = 0

  private constructor(
    readonly way: Way,
    readonly series: Series,
    readonly guest: Guest,
    readonly clocksource: string,
  ) {}

  static async begin(way: Way, series: Series, append = ''): Promise<Run> {
    const guest = await Guest.boot({
      series,
      acpi: append === '',
      append,
      ...(way.disk ? { disk: way.disk } : {}),
    })
    const run = new Run(way, series, guest, await guest.clocksource())
    await sync(guest.device)
    await guest.device.control(`clock 0 ${PPM}`)
    await way.begin(guest)
    await run.start()
    return run
  }

  get accessesPerHour(): number {
    return (this.accesses / this.watched) * 3600
  }

  get wakeupsPerHour(): number {
    return (this.interrupts / this.watched) * 3600
  }

  get settledErrors(): number[] {
    return this.points.filter(({ settled }) => settled).map(({ ns }) => ns)
  }

  private async start(): Promise<void> {
    this.epoch = await this.guest.epoch()
    this.interruptsBefore = await this.countInterrupts()
    this.mark = this.guest.device.mark()
    this.since = seconds()
  }

  private async stop(): Promise<void> {
    const moved = Math.abs((await this.guest.epoch()) - this.epoch)
    this.stepped = Math.max(this.stepped, moved)
    this.accesses += this.guest.device.events.slice(this.mark).filter(this.way.own).length
    this.watched += seconds() - this.since
    this.interrupts += (await this.countInterrupts()) - this.interruptsBefore
  }

  private async countInterrupts(): Promise<number> {
    const sum = '{ for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { printf "%d", n }'
    return Number(await this.guest.sh(`awk '${sum}' /proc/interrupts`))
  }

  /** Of the first minutes, before it counts. */
  get firstErrors(): number[] {
    const counts = this.points.findIndex(({ settled }) => settled)
    return this.points.slice(0, counts).map(({ ns }) => ns)
  }

  async look(at: number): Promise<void> {
    const settled = seconds() - this.since > SETTLE
    this.points.push({ at, ns: (await this.guest.clockError()).ns, settled })
  }

  /** Eight hours of it, which are no part of what is counted. */
  async sleep(): Promise<void> {
    await this.stop()
    await this.guest.sh(`shift-clock ${SLEEP_NS}`)
    await sync(this.guest.device)
    await this.way.synced(this.guest)
    await this.start()
  }

  async end(): Promise<void> {
    await this.stop()
    await this.guest.checkQuiet()
  }
}

/** All at once, for so long; each half begins with what it takes to settle. */
async function keepTime(runs: Run[], minutes: number): Promise<void> {
  const start = seconds()
  const half = async () => {
    const end = seconds() + SETTLE + minutes * 30
    while (seconds() < end) {
      for (const run of runs) await run.look(seconds() - start)
      await wait(LOOK)
    }
  }
  await half()
  for (const run of runs) await run.sleep()
  await half()
  for (const run of runs) await run.end()
}

/** Begins guests, in turn, lets them keep time side by side, and says what came of it. */
export async function sideBySide(begin: (() => Promise<Run>)[]): Promise<Run[]> {
  const runs: Run[] = []
  try {
    for (const next of begin) runs.push(await next())
    await keepTime(runs, MINUTES)
  } finally {
    for (const { guest } of runs) await guest.dispose()
  }
  console.log(`host ${PPM} ppm fast, ${MINUTES} min, SYNCRTC half way`)
  console.log([heading, ...runs.map(row)].join('\n'))
  return runs
}

/** Widths of a PTP reading and of one bare read of the same register from user space, in turn; ns. */
async function windows(): Promise<{ ptp: number[]; bare: number[] }> {
  const guest = await Guest.boot({ series: SERIES, acpi: true })
  try {
    await guest.parameter('poll_interval', 0)
    const wide = (text: string) =>
      text.split('\n').map((line) => {
        const times = line.trim().split(' ').map(BigInt)
        return Number((times.at(-1) ?? 0n) - (times[0] ?? 0n))
      })
    const clock = '$(dirname $(grep -l 0x0b5d /sys/bus/pci/devices/*/vendor))/resource'
    const all = { ptp: [] as number[], bare: [] as number[] }
    for (let i = 0; i < WINDOW_ROUNDS; i++) {
      all.ptp.push(...wide(await guest.sh(`ptp read /dev/ptp0 ${WINDOW_READINGS}`)))
      all.bare.push(
        ...wide(await guest.sh(`clock ${clock} ${WINDOW_READINGS} ${register.seconds}`)),
      )
    }
    return all
  } finally {
    await guest.dispose()
  }
}

const pictured = [chrony, steps, rtc]

const us = (ns: number) => `${(ns / 1e3).toFixed(1)} us`

function row(run: Run): string {
  const { way, series, clocksource, settledErrors, stepped, accessesPerHour } = run
  return [
    way.name.padEnd(24),
    series.padEnd(6),
    clocksource.padEnd(17),
    us(rootMeanSquare(run.firstErrors)).padStart(12),
    us(rootMeanSquare(settledErrors)).padStart(12),
    us(Math.max(...settledErrors.map(Math.abs))).padStart(12),
    (stepped > 1e6 ? 'yes' : 'no').padStart(6),
    accessesPerHour.toFixed(0).padStart(9),
    run.wakeupsPerHour.toFixed(0).padStart(9),
  ].join('')
}

const heading = `${'first RMS'.padStart(59)}${'RMS'.padStart(12)}${'worst'.padStart(12)}${'steps'.padStart(6)}${'access/h'.padStart(9)}${'wakes/h'.padStart(9)}`

export async function benchPtp(): Promise<void> {
  const { ptp, bare } = await windows()
  console.log(`kernel ${SERIES}; a reading's window, median of ${ptp.length}, in turn`)
  console.log(
    `  PTP clock ${us(median(ptp))}, one port read from user space ${us(median(bare))}: ` +
      `${(median(ptp) / median(bare)).toFixed(2)} (goal 1.2)`,
  )

  const runs = await sideBySide([
    ...pictured.map((way) => () => Run.begin(way, SERIES)),
    () => Run.begin(chrony, SERIES, 'clocksource=refined-jiffies'),
    ...allSeries
      .filter((series) => series !== SERIES)
      .map((series) => () => Run.begin(chrony, series)),
  ])

  mkdirSync(join(home, 'build'), { recursive: true })
  const seen = runs.map(({ way, series, clocksource, points, stepped, accessesPerHour }) => ({
    ...{ way: way.name, series, clocksource, points, stepped, accessesPerHour },
  }))
  writeFileSync(
    join(home, 'build/ptp.json'),
    `${JSON.stringify({ minutes: MINUTES, ptp, bare, seen }, null, 2)}\n`,
  )
  writeFileSync(
    join(home, 'docs/pictures/ptp.svg'),
    plot({
      title: `A guest's clock error, its host ${PPM} ppm fast, a SYNCRTC half way (Linux ${SERIES})`,
      x: 's',
      y: 'ms, logarithmic',
      logarithmic: true,
      series: runs
        .filter(({ way, series }) => series === SERIES && pictured.includes(way))
        .map(({ way, clocksource, points }) => ({
          name: clocksource === 'tsc' ? way.name : `${way.name}, ${clocksource}`,
          // A tenth of a microsecond is below what a reading can tell.
          points: points.map(({ at, ns }): [number, number] => [
            at,
            Math.max(Math.abs(ns), 100) / 1e6,
          ]),
        })),
    }),
  )
}
