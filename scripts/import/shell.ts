/** What a file of shell assignments says, as far as it can be read without running it. */
export interface Assignments {
  /** By name; what is not an array is one of a single word. */
  values: Map<string, string[]>
  /** What could not be read, a sentence each. */
  notes: string[]
}

/** A word that only a shell could make. */
class Computed extends Error {}

/** Reads shell word by word from a text. What a variable stands for, `known` tells. */
class Reader {
  at = 0

  constructor(
    readonly text: string,
    private readonly known: (name: string) => string | undefined,
  ) {}

  get line(): number {
    return this.text.slice(0, this.at).split('\n').length
  }

  /** What fits at this place, which it moves past. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, 'y')
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)
    if (found) this.at = sticky.lastIndex
    return found ?? undefined
  }

  private variable(): string {
    const name = this.take(/\$(?:\{(\w+)(?:\[0\])?\}|([A-Za-z_]\w*))/)
    const value = name && this.known((name[1] ?? name[2]) as string)
    if (value === undefined) throw new Computed(this.text.slice(this.at, this.at + 20))
    return value
  }

  private quoted(): string {
    let word = ''
    while (!this.take(/"/)) {
      const plain = this.take(/[^"\\$`]+/)?.[0] ?? this.take(/\\\n/)?.[0].slice(2)
      if (plain !== undefined) word += plain
      else if (this.take(/\\/)) word += this.take(/["\\$`]/)?.[0] ?? '\\'
      else word += this.variable()
    }
    return word
  }

  /** One word, or undefined where none begins. */
  word(): string | undefined {
    let word: string | undefined
    for (;;) {
      const single = this.take(/'([^']*)'/)
      const plain = single?.[1] ?? this.take(/[^\s;&|<>()'"\\$`#]+|(?<=\S)#/)?.[0]
      if (plain !== undefined) word = (word ?? '') + plain
      else if (this.take(/"/)) word = (word ?? '') + this.quoted()
      else if (this.take(/\\\n/)) continue
      else if (this.take(/\\/)) word = (word ?? '') + (this.take(/[\s\S]/)?.[0] ?? '')
      else if (/[$`]/.test(this.text[this.at] ?? '')) word = (word ?? '') + this.variable()
      else return word
    }
  }

  /** Words up to something that is none. */
  words(): string[] {
    const words: string[] = []
    for (;;) {
      this.take(/(?:[ \t]|\\\n)+/)
      const word = this.word()
      if (word === undefined) return words
      words.push(word)
    }
  }
}

const opening = /(?:if|for|while|until|case)\b/
const closing: Record<string, string> = { if: 'fi', case: 'esac' }

/** Moves past a block of shell that decides something; its lines, as text. */
function skipBlock(reader: Reader): string {
  const first = reader.line
  const stack: string[] = []
  do {
    if (reader.take(/#[^\n]*\s*/)) continue
    const word = reader.take(/[^\s;]+/)?.[0] ?? ''
    if (opening.test(word) && new RegExp(`^${opening.source}$`).test(word))
      stack.push(closing[word] ?? 'done')
    else if (word === stack.at(-1)) stack.pop()
    if (!reader.take(/[\s;]+/)) break
  } while (stack.length > 0 && reader.at < reader.text.length)
  const last = reader.text.slice(0, reader.at).trimEnd().split('\n').length
  return `lines ${first} to ${last}`
}

/** One command's words, or several commands' that follow each other. Throws where it is more than words. */
export function readCommands(text: string): string[][] {
  const reader = new Reader(text, () => undefined)
  const commands: string[][] = []
  while (reader.at < text.length) {
    const words = reader.words()
    if (words.length > 0) commands.push(words)
    else if (!reader.take(/\s+|&&|;|[()]/)) throw new Error(text.slice(reader.at, reader.at + 20))
  }
  return commands
}

/**
 * Reads assignments, arrays too, without running anything: a value that only a shell could compute,
 * and what hangs on a condition, is told of instead. `given` are variables that the file is read with.
 */
export function readAssignments(text: string, given: Record<string, string>): Assignments {
  const values = new Map<string, string[]>()
  const notes: string[] = []
  const reader = new Reader(text, (name) => values.get(name)?.[0] ?? given[name])
  while (reader.at < text.length) {
    if (reader.take(/[\s;]+|#[^\n]*/)) continue
    const { line, at } = reader
    if (
      opening.test(reader.text.slice(at, at + 6)) &&
      reader.take(/(?=(?:if|for|while|until|case)\b)/)
    ) {
      notes.push(`${skipBlock(reader)} decide something: say it in the manifest.`)
      continue
    }
    const name = reader.take(/(?:export\s+)?([A-Za-z_]\w*)(?:\[(\d+)\])?(\+?)=/)
    try {
      if (!name) throw new Computed()
      const old = values.get(name[1] as string) ?? []
      const added = reader.take(/\(/) ? list(reader) : [reader.word() ?? '']
      if (name[2] !== undefined) old[Number(name[2])] = added[0] ?? ''
      values.set(
        name[1] as string,
        name[2] !== undefined ? old : name[3] ? [...old, ...added] : added,
      )
    } catch (error) {
      if (!(error instanceof Computed)) throw error
      reader.at = at
      const said = reader.take(/[^\n]*/)?.[0].trim() ?? ''
      notes.push(`line ${line}: ${said}: only a shell could tell what this is.`)
    }
  }
  return { values, notes }
}

/** What stands between an array's brackets. */
function list(reader: Reader): string[] {
  const words: string[] = []
  while (!reader.take(/\)/)) {
    if (reader.take(/\s+|#[^\n]*/)) continue
    const word = reader.word()
    if (word === undefined) throw new Computed()
    words.push(word)
  }
  return words
}
