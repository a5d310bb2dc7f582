import type { Make } from '../manifest/manifest.ts'
import { readCommands } from './shell.ts'

/** A path below the folder that is built in, as a manifest has folders; undefined for any other. */
function below(path: string): string | undefined {
  const inner = /^(?:\{source\}|\.)?\/?(.*?)\/*$/.exec(path)?.[1]
  if (path.startsWith('{source}') || !/^[{/]/.test(path)) return inner?.replace(/^\.\//, '')
  return undefined
}

/** One call of make; throws what cannot be said of it. */
function readMake([program, ...words]: string[]): Make {
  if (program !== 'make') throw new Error(`${program} is not make`)
  const make: Make = { own: true }
  const more: string[] = []
  let folder = ''
  const set = (path: string) => {
    const inner = below(path)
    if (inner === undefined) throw new Error(`${path} is outside the sources`)
    folder = inner
  }
  while (words.length > 0) {
    const word = words.shift() as string
    const at = word === '-C' ? words.shift() : /^(?:-C|--directory=)(.+)$/.exec(word)?.[1]
    if (at === '{headers}' || at === '/lib/modules/{release}/build') delete make.own
    else if (at !== undefined) set(at)
    else if (/^(M|SUBDIRS)=/.test(word) && !make.own) set(word.replace(/^\w+=/, ''))
    else if (/^(-j\d*|KERNELRELEASE=.*)$/.test(word)) continue
    else if (/^-|=/.test(word)) more.push(word)
    else if (make.target) throw new Error(`it makes both ${make.target} and ${word}`)
    else make.target = word
  }
  if (make.target === 'modules' && !make.own) delete make.target
  return { ...(folder && { folder }), ...make, ...(more.length > 0 && { words: more }) }
}

/** What a dkms.conf's MAKE does, in a manifest's words; throws what cannot be said. */
export const readMakes = (text: string): Make[] => readCommands(text).map(readMake)
