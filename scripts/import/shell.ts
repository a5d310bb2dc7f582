/** What a variable stands for; undefined where that is not known. */
export type Known = (name: string) => string | undefined

/** What a file of shell assignments says, as far as it can be read without running it. */
export interface Assignments {
  /** By name; what is not an array is one of a single word. */
  values: Map<string, string[]>
  /** What any variable stands for at the end. */
  known: Known
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
    private readonly known: Known,
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

  private computed(): never {
    throw new Computed(this.text.slice(this.at, this.at + 20))
  }

  /** What follows up to the bracket that closes a variable: what it is where that is not set, say. */
  private otherwise(): string {
    const from = this.at
    skipTo(this, '}')
    return this.text.slice(from, this.at - 1)
  }

  private variable(): string {
    // How many at a time is for whoever builds to say.
    if (this.take(/\$\(nproc\)|`nproc`/)) return ''
    if (this.take(/\$\(pwd\)|`pwd`/)) return this.known('PWD') ?? this.computed()
    const sum = this.take(/\$\(\(([\w\s$+-]+)\)\)/)
    if (sum) return String(this.sum(sum[1] as string))
    const name = this.take(/\$(?:\{(\w+)(?:\[0\])?|([A-Za-z_]\w*))/)
    // A dollar sign before nothing that has a name is one.
    if (!name) return this.take(/\$(?=["\s]|$)/)?.[0] ?? this.computed()
    const value = this.known((name[1] ?? name[2]) as string)
    if (name[1] === undefined || this.take(/\}/)) return value ?? this.computed()
    const how = this.take(/:?[-+]/)?.[0] ?? this.computed()
    const other = this.otherwise()
    const isSet = value !== undefined && (value !== '' || !how.startsWith(':'))
    if (how.endsWith('-') && isSet) return value
    return how.endsWith('+') && !isSet ? '' : new Reader(other, this.known).words().join(' ')
  }

  /** Numbers and variables, added and taken away. */
  sum(text: string): number {
    const parts = [...text.matchAll(/([+-]?)\s*\$?(\w+)/g)].map(([, sign, word = '']) => {
      const number = Number(/^\d+$/.test(word) ? word : this.known(word))
      return sign === '-' ? -number : number
    })
    const result = parts.reduce((all, one) => all + one, 0)
    return Number.isInteger(result) ? result : this.computed()
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

/** Moves past what closes what is open here, or the end of a statement, with all that is quoted on the way. */
function skipTo(reader: Reader, closing: string): void {
  const open = [closing]
  while (reader.at < reader.text.length) {
    const within = open.at(-1)
    if (reader.take(/\\[\s\S]/)) continue
    if (within !== '"' && reader.take(/'[^']*'|(?<=\s)#[^\n]*/)) continue
    const opened = reader.take(/\$\(|(?<!["\w])\(|\$\{/)?.[0]
    if (opened) open.push(opened.endsWith('{') ? '}' : ')')
    else if (reader.text[reader.at] === within) {
      reader.at++
      open.pop()
      if (open.length === 0) return
    } else {
      const quote = reader.take(/["`]/)?.[0]
      if (quote) open.push(quote)
      else reader.at++
    }
  }
}

/** Moves past a statement that cannot be read; its first line. */
function skipStatement(reader: Reader): string {
  const from = reader.at
  skipTo(reader, '\n')
  return (reader.text.slice(from, reader.at).split('\n', 1)[0] ?? '').trim()
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
export function readCommands(text: string, known: Known = () => undefined): string[][] {
  const reader = new Reader(text, known)
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
 * and what hangs on a condition, is told of instead. `given` are variables that the file is read with,
 * `same` those that stand for others, `kept` what stands for some of the file's own in what uses them.
 */
export function readAssignments(
  text: string,
  given: Record<string, string>,
  same: Record<string, string> = {},
  kept: Record<string, string> = {},
): Assignments {
  const values = new Map<string, string[]>()
  const notes: string[] = []
  const known: Known = (name) => {
    const own = same[name] ?? name
    const value = values.get(own)?.[0]
    return value === undefined ? given[name] : (kept[own] ?? value)
  }
  const reader = new Reader(text, known)
  while (reader.at < text.length) {
    if (reader.take(/[\s;]+|#[^\n]*|(?:export|declare)\s[^=\n;]*(?=[\n;]|$)/)) continue
    const { line, at } = reader
    if (
      opening.test(reader.text.slice(at, at + 6)) &&
      reader.take(/(?=(?:if|for|while|until|case)\b)/)
    ) {
      const lines = skipBlock(reader)
      const set = reader.text
        .slice(at, reader.at)
        .matchAll(/^\s*([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/gm)
      const names = [...new Set([...set].map((match) => match[1]))].join(', ')
      notes.push(`${lines} decide ${names || 'something'}: say it in the manifest.`)
      continue
    }
    const name = reader.take(
      /(?:(?:export|declare(?: -\w+)*)\s+)?([A-Za-z_]\w*)(?:\[([^\]]+)\])?(\+?)=/,
    )
    try {
      if (!name) throw new Computed()
      const old = values.get(name[1] as string) ?? []
      const isList = reader.take(/\(/) !== undefined
      const added = isList ? list(reader) : [reader.word() ?? '']
      if (name[2] !== undefined) {
        const i = reader.sum(name[2])
        old[i] = `${name[3] ? (old[i] ?? '') : ''}${added[0] ?? ''}`
        values.set(name[1] as string, old)
      } else if (name[3] && !isList)
        values.set(name[1] as string, [`${old[0] ?? ''}${added[0]}`, ...old.slice(1)])
      else values.set(name[1] as string, name[3] ? [...old, ...added] : added)
    } catch (error) {
      if (!(error instanceof Computed)) throw error
      reader.at = at
      notes.push(`line ${line}: ${skipStatement(reader)}: only a shell could tell what this is.`)
    }
  }
  return { values, known, notes }
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
