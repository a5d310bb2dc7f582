import { linearRegression, linearRegressionLine } from 'simple-statistics'
import type { ClockState } from '../system/clock.ts'

/** One measurement of a clock, as watch shows it. */
export interface Measurement {
  /** When, s since 1970 by the host's clock. */
  hostTime: number
  /** The host's clock minus this one's, ns, and how near to it the truth lies. */
  driftNs: number
  uncertaintyNs: number
  /** By how much the host's clock is faster, ppm; null as long as there is too little to tell. */
  frequencyPpm: number | null
  disciplined: boolean
  counts: Record<string, number>
}

/** Fewer points tell nothing about a rate, and from more the past speaks. */
const RATE_POINTS = { least: 3, most: 30 }

/** How far from a straight line a point may be before it is a step, ns. */
const STEP_NS = 1e6

/** The slope of the drift over its newest points, ppm; steps begin it anew. */
export function frequencyPpm(points: readonly Measurement[]): number | null {
  const newest = points.slice(-RATE_POINTS.most)
  const start = newest[0]?.hostTime ?? 0
  const xy = newest.map((m): [number, number] => [m.hostTime - start, m.driftNs])
  if (xy.length < RATE_POINTS.least) return null
  return linearRegression(xy).m / 1000
}

/** Whether a drift cannot be what the points before lead to: the clock was stepped, or the host's. */
function isStep(points: readonly Measurement[], hostTime: number, driftNs: number): boolean {
  const last = points.at(-1)
  if (!last) return false
  const line = linearRegressionLine(
    linearRegression(points.map((m): [number, number] => [m.hostTime - last.hostTime, m.driftNs])),
  )
  const expected = points.length < RATE_POINTS.least ? last.driftNs : line(hostTime - last.hostTime)
  return Math.abs(driftNs - expected) > STEP_NS
}

/** Takes in what the driver says now; undefined where it has measured nothing new. */
export class Watcher {
  /** Everything since it began. */
  readonly all: Measurement[] = []
  private sinceStep: Measurement[] = []

  add(state: ClockState): Measurement | undefined {
    const { hostTime, driftNs, uncertaintyNs, disciplined, counts } = state
    if (hostTime === null || driftNs === null || uncertaintyNs === null) return undefined
    if (hostTime === this.all.at(-1)?.hostTime) return undefined
    const measurement = {
      ...{ hostTime, driftNs, uncertaintyNs, disciplined, counts },
      frequencyPpm: null,
    }
    if (isStep(this.sinceStep.slice(-RATE_POINTS.most), hostTime, driftNs)) this.sinceStep = []
    this.sinceStep.push(measurement)
    const whole = { ...measurement, frequencyPpm: frequencyPpm(this.sinceStep) }
    this.all.push(whole)
    return whole
  }
}

const COLUMN = 9

/** The heading of the lines of a watch. */
export function watchHeading(counts: readonly string[]): string {
  const columns = ['host-guest us', '+/- us', 'freq ppm', ...counts]
  return `time     ${columns.map((name, i) => name.padStart(i === 0 ? 14 : COLUMN)).join('')}`
}

/** A line of a watch. */
export function watchLine(m: Measurement): string {
  const us = (ns: number) => (ns / 1e3).toFixed(1)
  const columns = [
    us(m.driftNs).padStart(14),
    us(m.uncertaintyNs).padStart(COLUMN),
    (m.frequencyPpm === null ? '-' : m.frequencyPpm.toFixed(3)).padStart(COLUMN),
    ...Object.values(m.counts).map((count) => String(count).padStart(COLUMN)),
  ]
  return `${new Date(m.hostTime * 1000).toISOString().slice(11, 19)} ${columns.join('')}`
}
