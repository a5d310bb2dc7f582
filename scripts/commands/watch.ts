import { readFileSync, writeFileSync } from 'node:fs'
import { clearLine, cursorTo } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Documents } from '../cli/documents.ts'
import type { Measurement } from '../look/watch.ts'
import { Watcher, watchHeading, watchLine } from '../look/watch.ts'
import type { Project } from '../manifest/manifest.ts'
import { isRoot } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { type ClockState, readClock } from '../system/clock.ts'
import { type CommonOptions, open } from './options.ts'

export interface WatchOptions extends CommonOptions {
  /** s */
  interval?: number
  count?: number
  plot?: string
}

/** Lines between two headings, where lines go by. */
const SCREEN = 20

function stateNow(project: Project): ClockState {
  const state = readClock(project)
  if (!state)
    throw new Failure('load', 'No driver is bound to a clock that could be watched.', {
      mend: 'vmmci-dkms status',
    })
  return state
}

/** Has the driver measure now, by a parameter's own value; only root can. */
function measureNow(project: Project): void {
  const file = project.clock?.measure
  if (file && isRoot()) writeFileSync(file, readFileSync(file))
}

async function writePlot(file: string, all: readonly Measurement[]): Promise<void> {
  const { plot } = await import('../look/plot.ts')
  const start = all[0]?.hostTime ?? 0
  const line = (name: string, value: (m: Measurement) => number) => ({
    name,
    line: true,
    points: all.map((m): [number, number] => [m.hostTime - start, value(m) / 1e3]),
  })
  const from = new Date(start * 1000).toISOString().slice(0, 19).replace('T', ' ')
  writeFileSync(
    file,
    plot({
      title: `Host clock minus guest clock, from ${from} UTC`,
      x: 's',
      y: 'us',
      series: [
        line('host minus guest', (m) => m.driftNs),
        line('at most', (m) => m.driftNs + m.uncertaintyNs),
        line('at least', (m) => m.driftNs - m.uncertaintyNs),
      ],
    }),
  )
}

/** A line for each measurement, until Ctrl-C or as often as was asked for, and a picture at the end. */
export async function watch(options: WatchOptions): Promise<void> {
  const { project, output } = open(options)
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => ended.abort())

  const heading = watchHeading(Object.keys(stateNow(project).counts))
  const live = output.renderer === 'default'
  const watcher = new Watcher()
  if (!isRoot()) output.tell('The driver measures by itself, every 15 s; by root also in between.')

  let shown = 0
  let failed: string | null = null
  const show = (line: string) => {
    if (live) {
      clearLine(process.stdout, 0)
      cursorTo(process.stdout, 0)
      process.stdout.write(line)
    } else output.say(line)
  }
  while (
    !ended.signal.aborted &&
    (options.count === undefined || watcher.all.length < options.count)
  ) {
    measureNow(project)
    await wait((options.interval ?? 2) * 1000, undefined, { signal: ended.signal }).catch(() => {})
    const state = stateNow(project)
    const measurement = state.error ? undefined : watcher.add(state)
    if (options.json) {
      const line: Documents['watch'] = measurement ?? { error: state.error }
      if (measurement ?? state.error !== failed) process.stdout.write(`${JSON.stringify(line)}\n`)
    } else if (measurement) {
      if (shown++ % SCREEN === 0 && !(live && shown > 1)) output.say(heading)
      show(watchLine(measurement))
    } else if (state.error && state.error !== failed)
      show(`The clock cannot be read: ${state.error}`)
    failed = state.error
  }
  if (live && shown > 0) output.say()
  if (options.plot) await writePlot(options.plot, watcher.all)
}
