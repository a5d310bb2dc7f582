const markup = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const LINE = 18
const COLUMN = 8.43

/** What a terminal showed, as an SVG: plain text, 80 columns wide or as wide as it is. */
export function screen(title: string, lines: readonly string[]): string {
  const columns = Math.max(80, ...lines.map((line) => line.length))
  const width = Math.ceil(24 + columns * COLUMN)
  const height = 24 + lines.length * LINE
  const text = lines.map((line, i) => {
    const colour = line.startsWith('# ') ? '#fff' : '#ccc'
    // As wide as the letters of any font must be, so that columns stay columns.
    const length = line ? ` textLength="${(line.length * COLUMN).toFixed(1)}"` : ''
    return `<text x="12" y="${26 + i * LINE}"${length} fill="${colour}" xml:space="preserve">${markup(line)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="monospace" font-size="14">`,
    `<title>${markup(title)}</title>`,
    '<rect width="100%" height="100%" rx="6" fill="#111"/>',
    ...text,
    '</svg>\n',
  ].join('\n')
}
