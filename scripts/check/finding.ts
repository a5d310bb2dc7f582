import type { Documents } from '../cli/documents.ts'
import { Failure, type FailureKind } from '../run/failure.ts'
import { wrap } from '../run/output.ts'

/** One thing that was looked at before a build: `fail` stands in its way. */
export type Finding = Documents['check']['system'][number]

export const ok = (what: string, message: string): Finding => ({ what, level: 'ok', message })

export const note = (what: string, message: string, mend?: string): Finding => ({
  what,
  level: 'note',
  message,
  ...(mend && { mend }),
})

export const fail = (what: string, kind: FailureKind, message: string, mend?: string): Finding => ({
  what,
  level: 'fail',
  kind,
  message,
  ...(mend && { mend }),
})

/** Throws where a finding stands in the way. */
export function must({ level, kind, message, mend }: Finding): void {
  if (level === 'fail') throw new Failure(kind ?? 'internal', message, { mend })
}

const marks = { ok: 'ok  ', note: 'note', fail: 'FAIL' } as const

/** Findings as people get them. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ what, level, message, mend }) => [
    ...wrap(`  ${marks[level]}  ${what.padEnd(9)} `, message),
    ...(mend && level !== 'ok' ? [`        try: ${mend}`] : []),
  ])
