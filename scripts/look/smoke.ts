import type { ExpectedValue, LogLine, Smoke } from '../manifest/manifest.ts'
import { showValue, wrap } from '../run/output.ts'
import type { KernelLog } from '../system/kernel-log.ts'

/** One thing that was looked at. `unknown` is no failure: it could not be seen from here. */
export interface Check {
  label: string
  result: 'pass' | 'fail' | 'unknown'
  /** What was seen, or why not. */
  why: string
  /** What mends it. */
  mend?: string
}

const finds = (pattern: string) => (line: { text: string }) => new RegExp(pattern).test(line.text)

/**
 * What the log says since the modules were loaded: since the newest line that matches the first
 * expected pattern, and before that line where loading was seen from `since` on.
 */
export function relevantLog(log: KernelLog, smoke: Smoke, since?: number): KernelLog {
  if (since !== undefined)
    return { lines: log.lines.filter((line) => line.sequence >= since), wrapped: false }
  const first = smoke.expect?.[0]
  const from = first ? log.lines.findLastIndex(finds(first.pattern)) : -1
  return from < 0 ? log : { lines: log.lines.slice(from), wrapped: false }
}

function expected(log: KernelLog, { pattern, reason }: LogLine): Check {
  const line = log.lines.find(finds(pattern))
  if (line) return { label: reason, result: 'pass', why: line.text }
  if (log.wrapped)
    return {
      label: reason,
      result: 'unknown',
      why: 'the kernel log has wrapped, and its beginning is gone',
    }
  return { label: reason, result: 'fail', why: `no line of the kernel log matches ${pattern}` }
}

function forbidden(log: KernelLog, { pattern, reason }: LogLine): Check {
  const line = log.lines.find(finds(pattern))
  return line
    ? { label: `no sign that ${reason}`, result: 'fail', why: line.text, mend: 'dmesg | less' }
    : { label: `no sign that ${reason}`, result: 'pass', why: 'nothing in the kernel log' }
}

/** The manifest's lines against the log. */
export function checkLog(log: KernelLog, smoke: Smoke): Check[] {
  return [
    ...(smoke.expect ?? []).map((line) => expected(log, line)),
    ...(smoke.forbid ?? []).map((line) => forbidden(log, line)),
  ]
}

/** A value against what the manifest says of it; undefined is a file that cannot be read. */
export function checkValue(expectation: ExpectedValue, value: string | undefined): Check {
  const { label, path, pattern, minimum, maximum, unit, reason } = expectation
  if (value === undefined) return { label, result: 'fail', why: `${path} cannot be read` }
  const problem = valueProblem(value, pattern, minimum, maximum)
  return problem
    ? { label, result: 'fail', why: `${showValue(value, unit)} ${problem}: ${reason}` }
    : { label, result: 'pass', why: showValue(value, unit) }
}

function valueProblem(
  value: string,
  pattern?: string,
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
): string | undefined {
  if (pattern !== undefined && !new RegExp(pattern).test(value)) return `does not match ${pattern}`
  if (minimum === Number.NEGATIVE_INFINITY && maximum === Number.POSITIVE_INFINITY) return undefined
  const number = Number(value)
  if (value === '' || Number.isNaN(number)) return 'is no number'
  if (number < minimum) return `is below ${minimum}`
  if (number > maximum) return `is above ${maximum}`
  return undefined
}

const marks = { pass: 'ok', fail: 'NO', unknown: '??' } as const

/** A check as people get it, and what mends it. */
export function checkLines({ label, result, why, mend }: Check): string[] {
  return [
    ...wrap(`${marks[result]}  `, `${label}: ${why}`),
    ...(mend ? [`      try: ${mend}`] : []),
  ]
}

/** The checks in the Test Anything Protocol, version 14. */
export function tap(checks: readonly Check[]): string[] {
  return [
    'TAP version 14',
    `1..${checks.length}`,
    ...checks.flatMap(({ label, result, why }, i) => [
      `${result === 'fail' ? 'not ok' : 'ok'} ${i + 1} - ${label.replaceAll('#', '\\#')}${result === 'unknown' ? ` # SKIP ${why}` : ''}`,
      ...(result === 'fail' ? ['  ---', `  message: ${JSON.stringify(why)}`, '  ...'] : []),
    ]),
  ]
}

/** Makes checks in order, up to those that fail: what comes after would only fail for the same cause. */
export async function untilFirstCause(
  phases: readonly (() => Check[] | Promise<Check[]>)[],
  show: (check: Check) => void = () => {},
): Promise<Check[]> {
  const checks: Check[] = []
  for (const phase of phases) {
    const done = await phase()
    done.forEach(show)
    checks.push(...done)
    if (done.some((check) => check.result === 'fail')) break
  }
  return checks
}
