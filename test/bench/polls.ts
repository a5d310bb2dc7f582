import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { defaultConfig, ownConfig } from '../support/daemons.ts'
import { chronyBy, MINUTES, Run, SERIES, sideBySide, steps } from './ptp.ts'

/**
 * npm run bench -- polls: what reading the host's clock more or less often is worth, and what it costs,
 * side by side in one run: both of our configurations, what else they could say, and nobody who reads.
 * Written to build/polls.json.
 */
const OTHERS = process.env.VMMCI_BENCH_POLLS?.split(',') ?? [
  'poll 2 dpoll 2',
  'poll 3 dpoll 3',
  'poll 4 dpoll 2',
  'poll 6 dpoll 6',
]

const ways = [
  chronyBy('chrony, precise', ownConfig()),
  chronyBy('chrony, default', defaultConfig()),
  ...OTHERS.map((words) =>
    chronyBy(`chrony, ${words}`, defaultConfig().replace('poll 4 dpoll 4', words)),
  ),
  steps,
]

export async function benchPolls(): Promise<void> {
  const runs = await sideBySide(ways.map((way) => () => Run.begin(way, SERIES)))
  mkdirSync(join(home, 'build'), { recursive: true })
  const seen = runs.map(({ way, points, stepped, accessesPerHour, wakeupsPerHour }) => ({
    ...{ way: way.name, points, stepped, accessesPerHour, wakeupsPerHour },
  }))
  writeFileSync(
    join(home, 'build/polls.json'),
    `${JSON.stringify({ minutes: MINUTES, seen }, null, 2)}\n`,
  )
}
