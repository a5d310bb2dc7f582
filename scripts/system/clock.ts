import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import type { Project } from '../manifest/manifest.ts'
import { findSysfs, readSysfs } from './machine.ts'

/** A clock that a driver measures the system's against, as the driver last saw it. */
export interface ClockState {
  /** The PTP clock's device; null where there is none. */
  ptp: string | null
  /** That clock minus the system's, ns, and how near to it the truth lies; null before the first. */
  driftNs: number | null
  uncertaintyNs: number | null
  /** That clock when it was measured, s since 1970. */
  hostTime: number | null
  /** Why the newest measurement failed, such as ERANGE. */
  error: string | null
  /** A time daemon is seen to steer the system's clock. */
  disciplined: boolean
  /** Time daemons that run. */
  daemons: string[]
  counts: Record<string, number>
}

/** As /proc/PID/comm has them: 15 letters. */
const timeDaemons: Record<string, string> = {
  chronyd: 'chronyd',
  'systemd-timesyn': 'systemd-timesyncd',
  ntpd: 'ntpd',
  'ntpd-rs': 'ntpd-rs',
  phc2sys: 'phc2sys',
}

/** Time daemons that run, by the name of their process. */
export function runningTimeDaemons(root = ''): string[] {
  const names = readdirSync(join(root, '/proc'))
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(join(root, '/proc', pid, 'comm'), 'utf8').trim()
      } catch {
        // It has ended.
        return ''
      }
    })
  return [...new Set(names.flatMap((name) => timeDaemons[name] ?? []))]
}

/** Reads it all; undefined where the manifest knows no clock, or no driver is bound to its device. */
export function readClock(project: Project, root = ''): ClockState | undefined {
  const { clock } = project
  if (!clock || findSysfs(clock.device, root).length === 0) return undefined
  const read = (path?: string) => (path ? readSysfs(`${clock.device}/${path}`, root) : undefined)
  const number = (path?: string) => {
    const text = read(path)
    return text === undefined ? null : Number(text)
  }
  const ptp = clock.ptp ? findSysfs(`${clock.device}/${clock.ptp}`, root)[0] : undefined
  const error = number(clock.error)
  return {
    ptp: ptp ? `/dev/${basename(ptp)}` : null,
    driftNs: number(clock.drift),
    uncertaintyNs: number(clock.uncertainty),
    hostTime: number(clock.hostTime),
    error: error ? getSystemErrorName(-error) : null,
    disciplined: read(clock.disciplined) === '1',
    daemons: runningTimeDaemons(root),
    counts: Object.fromEntries(
      (clock.counts ?? []).map(({ label, path }) => [label, number(path) ?? 0]),
    ),
  }
}
