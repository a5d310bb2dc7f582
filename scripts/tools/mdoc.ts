/** Text as roff takes it: no backslash of its own, and hyphens that stay hyphens. */
export const literal = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')

/** One line for each sentence. */
export const text = (words: string): string[] =>
  words.split(/(?<=[.:;]) (?=[A-Z])/).map((sentence) => literal(sentence))

/** A phrase as a sentence of its own. */
export const sentence = (phrase: string): string => {
  const whole = `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}`
  return /[.?!]$/.test(whole) ? whole : `${whole}.`
}

/** "-y, --yes" or "--kernel <release>" by mdoc's own words. */
export const flags = (given: string): string =>
  given
    .split(', ')
    .map((flag) => {
      const [name = '', value] = flag.split(' ')
      return `Fl ${literal(name.slice(1))}${value ? ` Ar ${value.replace(/[<>]/g, '')}` : ''}`
    })
    .join(' , ')

/** Items of which the head is mdoc's words already, and the body text. */
export const list = (items: readonly (readonly [string, readonly string[]])[]): string[] => [
  '.Bl -tag -width Ds',
  ...items.flatMap(([head, body]) => [`.It ${head}`, ...body.flatMap(text)]),
  '.El',
]

export const seeAlso = (pages: readonly (readonly [string, number])[]): string[] =>
  pages.map(([name, section], i) => `.Xr ${name} ${section}${i < pages.length - 1 ? ' ,' : ''}`)

/** The head of a page; the day as 2026-11-25. */
export function page(
  name: string,
  section: number,
  day: string | undefined,
  note: string,
  summary: string,
): string[] {
  const date = day ? new Date(`${day}T00:00Z`) : new Date(0)
  const month = date.toLocaleString('en', { month: 'long', timeZone: 'UTC' })
  return [
    `.\\" ${note}`,
    `.Dd ${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`,
    `.Dt ${name.toUpperCase()} ${section}`,
    '.Os Linux',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${summary}`,
  ]
}
