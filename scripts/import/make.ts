import { join } from 'node:path'
import type { Make } from '../manifest/manifest.ts'

/** A path below the folder that is built in, as a manifest has folders; undefined for any other. */
function below(path: string): string | undefined {
  const inner = /^(?:\{source\}|\.)?\/?(.*?)\/*$/.exec(path)?.[1]
  if (path.startsWith('{source}') || !/^[{/]/.test(path)) return inner?.replace(/^\.\//, '')
  return undefined
}

/** Options of make that are followed by a word of their own. */
const withWord = /^-[fIoWE]$/

/** What is only in the environment of a call. */
const assignment = /^[A-Za-z_]\w*=/

/** A script of the sources' own. */
function readScript(program: string | undefined, words: string[], inside: string): Make {
  const script = program?.includes('/') ? below(program) : undefined
  if (!script || inside) throw new Error(`${program} is not make`)
  return { program: script, ...(words.length > 0 && { words }) }
}

/** What a build is not to do: dkms installs, and what others put somewhere nobody takes away again. */
const installs = /^(modules_)?install$/

/** One call of make. Throws what cannot be said of it. */
function readMake(
  [program, ...words]: string[],
  inside: string,
  tell: (note: string) => void,
): Make {
  if (program !== 'make') return readScript(program, words, inside)
  const make: Make = { own: true }
  const more: string[] = []
  const targets: string[] = []
  let folder = inside
  const set = (path: string) => {
    const inner = below(path)
    if (inner === undefined) throw new Error(`${path} is outside the sources`)
    folder = path.startsWith('{source}') ? inner : join(inside, inner)
  }
  while (words.length > 0) {
    const word = words.shift() as string
    const at = word === '-C' ? words.shift() : /^(?:-C|--directory=)(.+)$/.exec(word)?.[1]
    if (at === '{headers}' || at === '/lib/modules/{release}/build') delete make.own
    else if (at !== undefined) set(at)
    else if (/^(M|SUBDIRS)=/.test(word) && !make.own) set(word.replace(/^\w+=/, ''))
    else if (/^(-j\d*|KERNELRELEASE=.*)$/.test(word)) continue
    else if (withWord.test(word)) more.push(word, words.shift() ?? '')
    else if (/^-|=/.test(word)) more.push(word)
    else if (installs.test(word)) tell(`MAKE: make ${word} is left out: dkms installs.`)
    else targets.push(word)
  }
  const plain = folder === '.' ? '' : folder
  const target = targets.join(' ')
  return {
    ...(plain && { folder: plain }),
    ...make,
    ...(more.length > 0 && { words: more }),
    ...(target && (make.own || target !== 'modules') && { target }),
  }
}

/**
 * What a dkms.conf's MAKE does, command by command, in a manifest's words; throws what cannot be said.
 * `text` is all of it: where that begins with make, dkms adds KERNELRELEASE to the first.
 */
export function readMakes(
  text: string,
  commands: string[][],
  tell: (note: string) => void,
): Make[] {
  let inside = ''
  return commands.flatMap((words, i) => {
    const [first = '', to = ''] = words
    if (first === 'cd') {
      const inner = below(to)
      if (inner === undefined) throw new Error(`${to} is outside the sources`)
      inside = to.startsWith('{source}') ? inner : join(inside, inner)
      return []
    }
    const call = first === 'env' ? words.slice(1) : words
    const from = call.findIndex((word) => !assignment.test(word))
    const set = call.slice(0, Math.max(from, 0)).map((word) => word.split(/=(.*)/s).slice(0, 2))
    const make = {
      ...(set.length > 0 && { environment: Object.fromEntries(set) }),
      ...readMake(call.slice(from), inside, tell),
    }
    if (i > 0 || !make.own || !/^\s*make\b/.test(text)) return make
    return { ...make, words: ['KERNELRELEASE={release}', ...(make.words ?? [])] }
  })
}
