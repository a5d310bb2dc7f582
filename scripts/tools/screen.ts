const markup = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const LINE = 18
const COLUMN = 8.43

/** Foreground colours as a terminal is told of them: those that a task list has. */
const colours: Record<string, string> = { '31': '#f77', '32': '#7d7', '33': '#dc6', '39': '#ccc' }

/** A line in parts, each in one colour; and how many letters it has. */
function parts(line: string): { text: string; colour: string; letters: number }[] {
  let colour = line.startsWith('# ') ? '#fff' : '#ccc'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's colours begin with one.
  return line.split(/(\x1b\[\d+m)/).flatMap((text) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: and so it is told from letters.
    const code = /^\x1b\[(\d+)m$/.exec(text)?.[1]
    if (code) colour = colours[code] ?? colour
    return code || !text ? [] : [{ text: markup(text), colour, letters: text.length }]
  })
}

/** What a terminal showed, as an SVG: 80 columns wide or as wide as it is, with its colours. */
export function screen(title: string, lines: readonly string[]): string {
  const shown = lines.map(parts)
  const lengths = shown.map((line) => line.reduce((sum, { letters }) => sum + letters, 0))
  const width = Math.ceil(24 + Math.max(80, ...lengths) * COLUMN)
  const height = 24 + lines.length * LINE
  const text = shown.flatMap((line, i) => {
    let x = 12
    return line.map(({ text, colour, letters }) => {
      const at = x.toFixed(1)
      const length = letters * COLUMN
      x += length
      // As wide as the letters of any font must be, so that columns stay columns.
      return `<text x="${at}" y="${26 + i * LINE}" textLength="${length.toFixed(1)}" fill="${colour}" xml:space="preserve">${text}</text>`
    })
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="monospace" font-size="14">`,
    `<title>${markup(title)}</title>`,
    '<rect width="100%" height="100%" rx="6" fill="#111"/>',
    ...text,
    '</svg>\n',
  ].join('\n')
}
