import { inspect } from 'node:util'
import { took } from './times.ts'

/**
 * A test a line, as it ends, with the job that it is a part of: several jobs print at the same time.
 * Reads node's test events (node:test, "Custom reporters"); notes what each took.
 */
export default async function* report(events) {
  const job = process.env.VMMCI_JOB ?? 'test'
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const ms = data.details.duration_ms
    const passed = type === 'test:pass'
    // A suite is what its tests are, unless what comes before or after them fails.
    const { failureType } = data.details.error ?? {}
    if (data.details.type === 'suite' && (passed || failureType === 'subtestsFailed')) continue
    // What was left out is shown, and counts for nothing.
    if (data.skip === undefined) took('test', data.name, Date.now() - ms, passed)
    const skipped = data.skip === undefined ? '' : ` (left out: ${data.skip})`
    yield `${passed ? 'ok' : 'NO'} ${(ms / 1000).toFixed(1).padStart(6)} s  ${job}: ${data.name}${skipped}\n`
    if (!passed) yield `${inspect(data.details.error.cause ?? data.details.error)}\n`
  }
}
