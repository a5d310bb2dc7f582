import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cache } from './place.ts'

/** One thing that took time: a job of a run, a test in it, a guest's boot, something made for the cache. */
export interface Took {
  kind: 'job' | 'test' | 'boot' | 'made'
  /** The job that it was a part of. */
  job: string
  name: string
  seconds: number
  passed: boolean
}

/** What the last run took, a JSON object a line, since several processes write to it. */
export const timesFile = join(cache, 'times.jsonl')

export function forgetTimes(): void {
  mkdirSync(dirname(timesFile), { recursive: true })
  rmSync(timesFile, { force: true })
}

/** Notes what something took since `start`, ms as of Date.now(), where a run wants to know (test/run.ts). */
export function took(kind: Took['kind'], name: string, start: number, passed = true): void {
  const job = process.env.VMMCI_JOB
  if (job === undefined) return
  const seconds = Math.round((Date.now() - start) / 100) / 10
  appendFileSync(timesFile, `${JSON.stringify({ kind, job, name, seconds, passed })}\n`)
}

export const readTimes = (): Took[] =>
  existsSync(timesFile)
    ? readFileSync(timesFile, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
