import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from 'simple-statistics'
import { home } from '../../scripts/home.ts'

/** Medians of two things, s, and what the first may take in terms of the second. */
export interface Row {
  what: string
  ours: number
  bare: number
  goal: number
}

/** One side of a comparison: what is timed, and what has to be done before, untimed. */
export type Side = Work | { before: Work; work: Work }
type Work = () => Promise<unknown>

async function seconds(side: Side): Promise<number> {
  const { before, work } = typeof side === 'function' ? { before: undefined, work: side } : side
  await before?.()
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

/** Both in turn, so that a busy moment of the machine meets both. */
export async function compare(
  what: string,
  goal: number,
  runs: number,
  ours: Side,
  bare: Side,
): Promise<Row> {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
  for (let run = 0; run < runs; run++) {
    times.ours.push(await seconds(ours))
    times.bare.push(await seconds(bare))
  }
  return { what, ours: median(times.ours), bare: median(times.bare), goal }
}

/** Prints rows as a table, and keeps them with what else was measured in build/bench-AREA.json. */
export function report(area: string, rows: Row[], more: object): void {
  mkdirSync(join(home, 'build'), { recursive: true })
  const document = `${JSON.stringify({ rows, ...more }, null, 2)}\n`
  writeFileSync(join(home, `build/bench-${area}.json`), document)
  console.log(`${'median of'.padEnd(42)} ours      bare      ratio  goal`)
  for (const { what, ours, bare, goal } of rows)
    console.log(
      `${what.padEnd(42)} ${ours.toFixed(3).padStart(7)} s ${bare.toFixed(3).padStart(7)} s ${(ours / bare).toFixed(2).padStart(6)} ${goal.toFixed(2).padStart(5)}`,
    )
}
