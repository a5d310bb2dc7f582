import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { rootMeanSquare } from 'simple-statistics'
import { home } from '../../scripts/home.ts'
import { halfRead, ownConfig, startChrony, untilFileSays } from '../support/daemons.ts'
import { Guest } from '../support/guest.ts'

/**
 * npm run bench -- chrony: what "trust", "makestep" and "maxdispersion" in kmod/config/chrony.conf
 * are worth, each against what could stand there instead, side by side in one run, the host 50 ppm
 * fast. (For "poll" see ptp.ts: that takes longer.) Written to build/chrony.json.
 */
const SERIES = '6.12'
const PPM = 50
/** Between two looks at all the guests, ms. */
const LOOK = 1000

const seconds = () => performance.now() / 1000

/** Guests that begin in turn and are looked at together. */
async function sideBySide<T extends { guest: Guest }>(
  begin: (() => Promise<T>)[],
  look: (all: T[]) => Promise<object[]>,
): Promise<object[]> {
  const all: T[] = []
  try {
    for (const next of begin) all.push(await next())
    const seen = await look(all)
    for (const { guest } of all) await guest.checkQuiet()
    return seen
  } finally {
    for (const { guest } of all) await guest.dispose()
  }
}

// "trust": other sources that are wrong, and agree with each other. They are the same clock with an
// offset: an NTP server in the guest would tell what the guest's clock makes of it.

const WRONG_S = 0.05
/** What a daemon has to choose its source and to find the rate, and for how long it is looked at; s. */
const SETTLE = 120
const WATCHED = 180

interface Trust {
  guest: Guest
  words: string
  /** How many of them. */
  liars: number
  errors: number[]
}

const trustWords = ['trust prefer', 'prefer', '']

async function beginTrust(words: string, liars: number): Promise<Trust> {
  const guest = await Guest.boot({ series: SERIES, acpi: true, disk: 'node' })
  await guest.device.control(`clock 0 ${PPM}`)
  const config = [ownConfig().replace('trust prefer', words)]
  while (config.length <= liars)
    config.push(
      `refclock PHC /dev/ptp_vmmci refid LIE${config.length} poll 2 dpoll 0 offset ${WRONG_S}`,
    )
  await startChrony(guest, config.join('\n'))
  return { guest, words, liars, errors: [] }
}

async function lookAtTrust(all: Trust[]): Promise<object[]> {
  await wait(SETTLE * 1000)
  const end = seconds() + WATCHED
  while (seconds() < end) {
    for (const one of all) one.errors.push((await one.guest.clockError()).ns)
    await wait(LOOK)
  }
  console.log(`other sources, ${WRONG_S * 1e3} ms off, beside our clock: RMS error of the guest`)
  const seen: object[] = []
  for (const { guest, words, liars, errors } of all) {
    const sources = await guest.onDisk('chronyc -n sources')
    const followed = /^#\*.(\S+)/m.exec(sources)?.[1] ?? 'nobody'
    const rms = rootMeanSquare(errors)
    console.log(
      `  ${liars}, ${(words || 'neither').padEnd(14)} ${(rms / 1e6).toFixed(3).padStart(8)} ms  follows ${followed}`,
    )
    seen.push({ words, liars, rms, followed })
  }
  return seen
}

// "makestep": hosts that sleep and do not say so

const SLEEPS_S = [0.05, 0.5, 5, 28_800]
const RIGHT_NS = 1e6
/** How long a guest is given to be right again, s. */
const PATIENCE = 180

interface Makestep {
  guest: Guest
  words: string
  /** Until right after each of the sleeps, s; none where that took too long. */
  took: (number | undefined)[]
  /** How often the clock was stepped backwards, of all. */
  back: number
}

const makesteps = [
  '',
  'makestep 1 3',
  'makestep 10 -1',
  'makestep 1 -1',
  'makestep 0.1 -1',
  'makestep 0.01 -1',
]

const asWords = (words: string): [string, string] => [
  words || 'no makestep',
  ownConfig().replace(/^makestep .*$/m, words),
]

/** And what the file has, taking readings of which two are from before a sleep and two from after. */
const mixing: [string, string] = ['no maxdispersion', ownConfig().replace(/ maxdispersion \S+/, '')]

async function beginMakestep([words, config]: [string, string]): Promise<Makestep> {
  // Without SYNCRTC.
  const guest = await Guest.boot({ series: SERIES, acpi: true, disk: 'node', features: 3 })
  await guest.device.control(`clock 0 ${PPM}`)
  await guest.parameter('poll_interval', 1)
  await startChrony(guest, config)
  await untilFileSays(guest, '/tmp/chronyd.log', 'Selected source VMCI')
  // Before, the driver would step.
  await guest.said(/a time daemon disciplines the clock/)
  return { guest, words, took: [], back: 0 }
}

/** One sleep of all, at the worst moment, until each is right or has had its time. */
async function sleepOnce(all: Makestep[], sleep: number): Promise<void> {
  const starts = new Map<Makestep, number>()
  const epochs = new Map<Makestep, number>()
  await Promise.all(
    all.map(async (one) => {
      epochs.set(one, await one.guest.epoch())
      await halfRead(one.guest)
      await one.guest.device.control(`sleep ${sleep}`)
      starts.set(one, seconds())
    }),
  )
  const start = seconds()
  const right = new Map<Makestep, number>()
  while (right.size < all.length && seconds() - start < PATIENCE) {
    for (const one of all) {
      const now = await one.guest.epoch()
      if (now < (epochs.get(one) ?? now) - RIGHT_NS) one.back++
      epochs.set(one, now)
      const { ns } = await one.guest.clockError()
      // A clock that is slewed too far is not right as it passes.
      if (Math.abs(ns) > RIGHT_NS) right.delete(one)
      else if (!right.has(one)) right.set(one, seconds() - (starts.get(one) ?? start))
    }
    await wait(LOOK)
  }
  for (const one of all) one.took.push(right.get(one))
}

async function lookAtMakestep(all: Makestep[]): Promise<object[]> {
  await wait(SETTLE * 1000)
  for (const sleep of SLEEPS_S) await sleepOnce(all, sleep)
  console.log('a host that sleeps and does not say so: s until the guest is right within 1 ms')
  const heads = SLEEPS_S.map((s) => String(s).padStart(10))
  console.log(`${'slept, s'.padEnd(18)}${heads.join('')}  back`)
  return all.map(({ words, took, back }) => {
    const times = took.map((s) => (s === undefined ? `> ${PATIENCE}` : s.toFixed(1)).padStart(10))
    console.log(`${words.padEnd(18)}${times.join('')}  ${back}`)
    return { words, took, back }
  })
}

export async function benchChrony(): Promise<void> {
  const trust = await sideBySide(
    trustWords.flatMap((words) => [1, 2].map((liars) => () => beginTrust(words, liars))),
    lookAtTrust,
  )
  const makestep = await sideBySide(
    [...makesteps.map(asWords), mixing].map((one) => () => beginMakestep(one)),
    lookAtMakestep,
  )
  mkdirSync(join(home, 'build'), { recursive: true })
  writeFileSync(
    join(home, 'build/chrony.json'),
    `${JSON.stringify({ trust, makestep }, null, 2)}\n`,
  )
}
