import { createInterface } from 'node:readline'
import type { AnyDocument, Documents } from '../cli/documents.ts'
import type { Unit } from '../manifest/manifest.ts'
import { interrupted, interruption } from './interrupt.ts'
import { asTyped, typedJson } from './typed.ts'

/** What every command can be told about its output. */
export interface OutputOptions {
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  dryRun?: boolean
}

/** A serial console knows no width, and a list that redraws itself would break after each letter. */
function canRedraw(): boolean {
  const { isTTY, columns } = process.stdout
  return isTTY && columns >= 40 && process.env.TERM !== 'dumb' && !process.env.NO_COLOR
}

/** A line typed at the terminal; undefined where it ends instead. */
async function answer(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise((resolve, reject) => {
      const stop = () => reject(interrupted())
      interruption.addEventListener('abort', stop)
      terminal.once('SIGINT', stop).once('close', () => {
        interruption.removeEventListener('abort', stop)
        resolve(undefined)
      })
      terminal.question(question, resolve)
    })
  } finally {
    terminal.close()
  }
}

/** Where a command speaks: lines for people, or one JSON document and nothing else on stdout. */
export class Output {
  constructor(private readonly options: OutputOptions) {}

  get renderer(): 'silent' | 'default' | 'simple' | 'verbose' {
    if (this.options.json || this.options.quiet) return 'silent'
    if (this.options.verbose) return 'verbose'
    return canRedraw() ? 'default' : 'simple'
  }

  /** Somebody is there to be asked. */
  get canAsk(): boolean {
    return process.stdin.isTTY && !this.options.json
  }

  get verbose(): boolean {
    return this.options.verbose === true
  }

  private get isForPeople(): boolean {
    return !this.options.json && !this.options.quiet
  }

  /** A line for people; nothing under --json or --quiet. A dry run's own output is for a shell. */
  say(line = ''): void {
    const stream = this.options.dryRun ? process.stderr : process.stdout
    if (this.isForPeople) stream.write(`${asTyped(line)}\n`)
  }

  /** A sentence for people, broken at 80 columns. */
  tell(sentence: string): void {
    for (const line of wrap('', sentence)) this.say(line)
  }

  /** A line that also --quiet lets through. */
  warn(line: string): void {
    process.stderr.write(`${asTyped(line)}\n`)
  }

  /**
   * Asks once, on a terminal, having said what for. Without a terminal, at its end (Ctrl-D) and under
   * --json the answer is no, and nothing is said. Ctrl-C is thrown.
   */
  async confirm(
    question: string,
    whatFor: readonly string[],
    enter: 'yes' | 'no' = 'yes',
  ): Promise<boolean> {
    if (!this.canAsk) return false
    for (const line of whatFor) this.warn(line)
    const said = await answer(`${question} ${enter === 'yes' ? '[Y/n]' : '[y/N]'} `)
    return /^y(es)?$/i.test(said?.trim() || (said === undefined ? 'no' : enter))
  }

  /** What a dry run ends with: commands for a shell, and their lines for people, as they are. */
  commands(commands: string[], lines: readonly string[] = commands): void {
    const document: Documents['--dry-run'] = { commands }
    if (this.options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    else if (this.isForPeople) for (const line of lines) process.stdout.write(`${line}\n`)
  }

  /** The result: as JSON if that was asked for, else as lines. */
  result(document: AnyDocument, lines: () => string[]): void {
    if (this.options.json) process.stdout.write(`${typedJson(document)}\n`)
    else if (this.isForPeople)
      for (const line of lines()) process.stdout.write(`${asTyped(line)}\n`)
  }
}

/** Words that wrap() keeps on one line. */
export const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0')

/** Breaks a sentence at 80 columns: the first line begins with `head`, the others as far in. */
export function wrap(head: string, text: string, width = 80): string[] {
  const lines: string[] = []
  let line = head
  for (const word of text.split(' ')) {
    if (line.length > head.length && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '.repeat(head.length)
    }
    line += line.length === head.length ? word : ` ${word}`
  }
  return [...lines, line].map((text) => text.replaceAll('\u00a0', ' '))
}

/** A value of the kernel's as people read it. */
export function showValue(value: string, unit: Unit | null = null): string {
  if (unit === 'ns') return `${(Number(value) / 1e6).toFixed(3)} ms`
  if (unit === 'time') return new Date(Number(value) * 1000).toISOString()
  return value
}
