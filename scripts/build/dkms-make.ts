import type { Make, Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { type Asking, condition } from './condition.ts'
import { braces, callOf, configured, type Filling, noMake, withEnvironment } from './make.ts'

export const variable = (name: string) => `\${${name}}`

/**
 * How dkms calls them. PACKAGE_VERSION stands in a dkms.conf once and as it is: there are Makefiles
 * that look for it there.
 */
const dkmsFilling = ({ package: { name }, version }: Project): Filling => ({
  release: variable('kernelver'),
  headers: variable('kernel_source_dir'),
  source: `${variable('dkms_tree')}/${name}/${version}/build`,
  version,
  architecture: variable('arch'),
})

/** How a dkms.conf asks about a kernel. */
export const dkmsAsking: Asking = {
  release: 'echo "$kernelver"',
  machine: 'echo "$arch"',
  config: `"${variable('kernel_source_dir')}/.config"`,
}

/** Text as it stands between double quotes. */
const between = (text: string): string => text.replaceAll(/["\\$`]/g, '\\$&')

/**
 * A word as it stands between double quotes, to be read by a shell: dkms writes what it has read
 * between double quotes once more, and has that read before.
 */
function shellWord(word: string, filling: Filling): string {
  return word
    .split(braces)
    .map((part, i) => {
      if (i % 2 === 1) return filling[part as keyof Filling]
      return part === '' ? '' : between(between(quote(part)))
    })
    .join('')
}

/** A part of MAKE[0], and what a shell has to find for it; undefined where each kernel gets it. */
export interface Part {
  text: string
  when: string | undefined
}

/** Parts that follow each other and hang on the same are one. */
function joined(parts: Part[]): Part[] {
  const all: Part[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (last?.when === part.when && last) last.text += part.text
    else all.push(part)
  }
  return all
}

/**
 * Where MAKE begins with make, dkms adds -j and KERNELRELEASE, and by that a Makefile may take itself
 * to be called by kbuild. One of the sources' own gets it only if its words say so. What begins with
 * env gets neither.
 */
const isToBeKept = ({ program, environment, own, words = [] }: Make): boolean =>
  !program &&
  (environment !== undefined ||
    (own === true && !words.some((word) => word.startsWith('KERNELRELEASE='))))

/** One call; where it may be the first, without what dkms would add. */
function callParts(make: Make, mayBeFirst: boolean, filling: Filling): Part[] {
  const line = (words: string[]) => words.map((word) => shellWord(word, filling)).join(' ')
  const { env, start, also, end } = callOf(make)
  const kept = mayBeFirst && isToBeKept(make)
  const before = kept ? ['env', ...env] : withEnvironment(env)
  return [
    { text: line([...before, ...start]), when: undefined },
    ...also.map(({ words, kernel }) => ({
      text: ` ${line(words)}`,
      when: condition(kernel, dkmsAsking),
    })),
    {
      text: `${end.map((word) => ` ${line([word])}`).join('')}${kept ? ' -j\\$(nproc)' : ''}`,
      when: undefined,
    },
  ]
}

/** MAKE[0] of dkms.conf: what it begins with, and what is added to that, in order. */
export function dkmsMake(project: Project): Part[] {
  const filling = dkmsFilling(project)
  let mayBeFirst = true
  const parts = project.make.flatMap((make, i) => {
    const and = mayBeFirst ? variable('MAKE[0]:+ && ') : ' && '
    const call = callParts(make, mayBeFirst, filling)
    const when = condition(make.kernel, dkmsAsking)
    if (!when) mayBeFirst = false
    return [{ text: i > 0 ? and : '', when: undefined }, ...call].map((part) => ({
      text: part.text,
      when: [when, part.when].filter(Boolean).join(' && ') || undefined,
    }))
  })
  // Without a MAKE dkms would do what it thinks best.
  const none = `echo ${shellWord(noMake('{release}'), filling)}; false`
  return joined([
    { text: '', when: undefined },
    ...parts,
    ...(mayBeFirst ? [{ text: none, when: `[ ! "${variable('MAKE[0]')}" ]` }] : []),
  ])
}

/** PRE_BUILD of dkms.conf. */
export const dkmsConfigure = (project: Project): string =>
  configured(project.configure ?? [])
    .map((word) => shellWord(word, dkmsFilling(project)))
    .join(' ')
