import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
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

/** What the last run took, a JSON object a line. */
const lastRun = join(cache, 'times.jsonl')

/** Where this run notes it: several processes write to it, and another run to one of its own. */
const thisRun = () => process.env.VMMCI_TIMES

/** A run begins: what is started from here on notes what it takes. */
export function beginTimes(): void {
  mkdirSync(cache, { recursive: true })
  process.env.VMMCI_TIMES = join(cache, `times-${process.pid}.jsonl`)
}

/** It is over: what it took, which is what readTimes() tells from now on. */
export function endTimes(): Took[] {
  const file = thisRun()
  if (file && existsSync(file)) renameSync(file, lastRun)
  return readTimes()
}

/** Notes what something took since `start`, ms as of Date.now(), where a run wants to know (test/run.ts). */
export function took(kind: Took['kind'], name: string, start: number, passed = true): void {
  const file = thisRun()
  if (!file) return
  const job = process.env.VMMCI_JOB ?? ''
  const seconds = Math.round((Date.now() - start) / 100) / 10
  appendFileSync(file, `${JSON.stringify({ kind, job, name, seconds, passed })}\n`)
}

export const readTimes = (): Took[] =>
  existsSync(lastRun)
    ? readFileSync(lastRun, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
