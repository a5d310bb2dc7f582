import semver from 'semver'
import toRegexRange from 'to-regex-range'

/** Linux 2.6.12, where its git history begins, to a major number that is far away. */
const majors = Array.from({ length: 38 }, (_, i) => i + 2)
const minors = Array.from({ length: 100 }, (_, i) => i)

/**
 * The range of the series whose releases fit a pattern, as dkms.conf's BUILD_EXCLUSIVE_KERNEL has one;
 * undefined where none does, or the pattern tells more than series. What has 9.99 has all that follow.
 */
export function rangeOf(pattern: Pick<RegExp, 'test'>): string | undefined {
  const all = [...majors].flatMap((major) => minors.map((minor) => [major, minor] as const))
  const fits = ([major, minor]: readonly [number, number], patch: number) =>
    pattern.test(`${major}.${minor}.${patch}-1-amd64`)
  if (all.some((one) => fits(one, 0) !== fits(one, 57))) return undefined
  const version = ([major, minor]: readonly [number, number]) => `${major}.${minor}.0`
  const parts: string[] = []
  for (let i = 0; i < all.length; i++) {
    if (!fits(all[i] as [number, number], 0)) continue
    const from = version(all[i] as [number, number])
    while (i < all.length && fits(all[i] as [number, number], 0)) i++
    const end = all[i]
    const isOpen = !end || (end[0] === 10 && end[1] === 0)
    parts.push(isOpen ? `>=${from}` : `>=${from} <${version(end)}`)
  }
  return parts.length > 0 ? parts.join(' || ') : undefined
}

/** Whether a range has some releases of a series and not others: one that it names has to be it. */
export function missingSeries(range: string): boolean {
  return new semver.Range(range).set.flat().some(({ value }) => {
    const named = semver.coerce(value)
    const series = named && `${named.major}.${named.minor}.x`
    return series !== null && semver.intersects(range, series) && !semver.subset(series, range)
  })
}

/** As an extended regular expression, which knows no groups that are not counted. */
const numbers = (from: number, to: number) => toRegexRange(from, to).replaceAll('(?:', '(')

/** The same for where there must be a pattern, though a floor would say it. */
export const patternOf = (range: string): string =>
  seriesPattern(range) ?? seriesPattern(`${range} <100`) ?? ''

/** Numbers as one group of a pattern: those that follow each other together. */
function oneOf(all: number[]): string {
  const runs: [from: number, to: number][] = []
  for (const number of all) {
    const run = runs.at(-1)
    if (run && run[1] === number - 1) run[1] = number
    else runs.push([number, number])
  }
  return `(${runs.map(([from, to]) => numbers(from, to)).join('|')})`
}

/**
 * An extended regular expression on kernel releases for a range, as dkms wants it: by series, since
 * more than that cannot be said. Undefined where the range has no end and a floor says it all.
 */
export function seriesPattern(range: string): string | undefined {
  const parsed = new semver.Range(range)
  const floorOnly = parsed.set.every((and) => and.every(({ operator }) => operator.startsWith('>')))
  if (floorOnly) return undefined
  const whole: number[] = []
  const parts = majors.flatMap((major) => {
    const found = minors.filter((minor) => semver.intersects(range, `${major}.${minor}.x`))
    if (found.length < minors.length) return found.length > 0 ? [`${major}\\.${oneOf(found)}`] : []
    whole.push(major)
    return []
  })
  if (whole.length > 0) parts.push(`${oneOf(whole)}\\.[0-9]+`)
  return `^(${parts.join('|')})([^0-9]|$)`
}
