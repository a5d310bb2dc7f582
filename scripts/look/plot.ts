import { scaleLinear, scaleLog } from 'd3-scale'

export interface Plot {
  title: string
  x: string
  y: string
  /** Powers of ten along y, for values far apart; all must be above 0. */
  logarithmic?: boolean
  series: { name: string; points: [number, number][]; line?: boolean }[]
}

const SIZE = { width: 760, height: 400 }
const FRAME = { left: 80, right: 730, top: 50, bottom: 330 }
/** Told apart also by those who see no red, or print it in grey (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

const markup = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const text = (x: number, y: number, words: string, more = '') =>
  `<text x="${x}" y="${y}" ${more}>${markup(words)}</text>`

/** A value as people write it, not as a double holds it. */
const label = (value: number) => String(Number(value.toPrecision(3)))
const place = (value: number) => value.toFixed(1)

function domain(values: readonly number[]): [number, number] {
  // Not Math.min(...values): an hour of measurements is more than a call takes.
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (values.length === 0) return [1, 10]
  return least === most ? [least - 0.5, most + 0.5] : [least, most]
}

/** A picture of points and lines, as an SVG that needs nothing else. */
export function plot({ title, x, y, logarithmic, series }: Plot): string {
  const all = series.flatMap(({ points }) => points)
  const across = scaleLinear(domain(all.map(([at]) => at)), [FRAME.left, FRAME.right]).nice()
  const up = (logarithmic ? scaleLog() : scaleLinear())
    .domain(domain(all.map(([, value]) => value)))
    .range([FRAME.bottom, FRAME.top])
    .nice()
  const decade = (value: number) => Number.isInteger(Number(Math.log10(value).toFixed(9)))
  const heights = logarithmic ? up.ticks().filter(decade) : up.ticks(6)
  const middle = (FRAME.left + FRAME.right) / 2
  const grid = [
    ...across
      .ticks(8)
      .flatMap((at) => [
        `<path d="M${place(across(at))} ${FRAME.top}V${FRAME.bottom}" stroke="#eee"/>`,
        text(across(at), FRAME.bottom + 18, label(at), 'text-anchor="middle"'),
      ]),
    ...heights.flatMap((value) => [
      `<path d="M${FRAME.left} ${place(up(value))}H${FRAME.right}" stroke="#eee"/>`,
      text(FRAME.left - 8, up(value) + 4, label(value), 'text-anchor="end"'),
    ]),
  ]
  const drawn = series.flatMap(({ name, points, line }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const at = points.map(([t, value]) => `${place(across(t))} ${place(up(value))}`)
    // A dot is a line without length and with a round end.
    const path = line ? `M${at.join('L')}` : at.map((point) => `M${point}h0`).join('')
    const stroke = `fill="none" stroke="${colour}" stroke-linecap="round" stroke-width="${line ? 1.2 : 5}"`
    const left = FRAME.left + (i * (FRAME.right - FRAME.left)) / series.length
    return [
      ...(at.length > 0 ? [`<path d="${path}" ${stroke}/>`] : []),
      `<circle cx="${place(left)}" cy="385" r="5" fill="${colour}"/>`,
      text(left + 11, 389, name),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE.width}" height="${SIZE.height}" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="sans-serif" font-size="12" fill="#333">`,
    // What is drawn, for those who do not see it.
    `<title>${markup(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(middle, 24, title, 'text-anchor="middle" font-size="15"'),
    ...grid,
    `<path d="M${FRAME.left} ${FRAME.top}V${FRAME.bottom}H${FRAME.right}" fill="none" stroke="#888"/>`,
    text(middle, FRAME.bottom + 36, x, 'text-anchor="middle"'),
    text(0, 0, y, `text-anchor="middle" transform="translate(18 190) rotate(-90)"`),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}
