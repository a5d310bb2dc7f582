import { rangeOf } from '../manifest/kernel-range.ts'
import type { Make } from '../manifest/manifest.ts'

type Pattern = Pick<RegExp, 'test'>

/** The kernels of one that are in none of the others. */
const without = (one: Pattern, others: Pattern[]): Pattern => ({
  test: (release) => one.test(release) && !others.some((other) => other.test(release)),
})

/** A MAKE of dkms.conf, and the MAKE_MATCH that says for which kernels it is. */
export interface Matched {
  text: string
  pattern: Pattern
}

/**
 * Those that dkms goes by, as calls for kernels that are said: with it the last one that matches counts,
 * and its own way is for the kernels of none.
 */
export function forTheirKernels(all: Matched[], read: (text: string) => Make[]): Make[] {
  const found = all.flatMap(({ text, pattern }, i) => {
    const later = all.slice(i + 1).map((other) => other.pattern)
    const range = rangeOf(without(pattern, later))
    return range ? [{ range, make: text ? read(text) : [{}] }] : []
  })
  if (found.length === 1) return found.flatMap(({ make }) => make)
  return found.flatMap(({ range, make }) => make.map((one) => ({ kernel: { range }, ...one })))
}
