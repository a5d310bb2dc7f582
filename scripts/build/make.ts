import type { Make, Project, SomeKernels } from '../manifest/manifest.ts'
import type { Command } from '../run/exec.ts'

/** What stands in braces in a manifest's words. */
export interface Filling {
  release: string
  headers: string
  source: string
  version: string
  architecture: string
}

export const braces = /\{(release|headers|source|version|architecture)\}/

/** A word, filled. */
const fillWord = (word: string, filling: Filling): string =>
  word.replaceAll(new RegExp(braces, 'g'), (_, name: keyof Filling) => filling[name])

/** One of a manifest's ways to build, in words that still have braces. */
export interface Call {
  /** Its environment, as env takes it. */
  env: string[]
  start: string[]
  /** What only some kernels get, between the one and the other. */
  also: { words: string[]; kernel: SomeKernels }[]
  end: string[]
}

export function callOf(make: Make): Call {
  const { environment = {}, program, folder, own, words = [], also = [], target } = make
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  if (program) return { env, start: [`{source}/${program}`, ...words], also, end: [] }
  const at = folder ? `{source}/${folder}` : '{source}'
  const where = own ? ['-C', at] : ['-C', '{headers}', `M=${at}`]
  const targets = target ?? (own ? undefined : 'modules')
  return { env, start: ['make', ...where, ...words], also, end: targets?.split(' ') ?? [] }
}

/** What runs a program with such an environment. */
export const withEnvironment = (env: string[]): string[] => (env.length > 0 ? ['env', ...env] : [])

/** The commands that build a project, one after the other; forKernel() says which of them a kernel gets. */
export function makeCommands(project: Project, filling: Filling): Pick<Command, 'argv' | 'env'>[] {
  const fill = (word: string) => fillWord(word, filling)
  return project.make.map((make) => {
    const { start, also, end } = callOf(make)
    const env = Object.entries(make.environment ?? {}).map(([name, value]) => [name, fill(value)])
    return {
      argv: [...start, ...also.flatMap(({ words }) => words), ...end].map(fill),
      ...(env.length > 0 && { env: Object.fromEntries(env) }),
    }
  })
}

/** What is said where none of them is for a kernel. */
export const noMake = (release: string) => `Nothing in make is for ${release}.`

/** The scripts of the sources that a build runs. */
export const ownPrograms = ({
  configure = [],
  make,
  programs,
}: Pick<Project, 'configure' | 'make' | 'programs'>): string[] =>
  [configure[0], ...[...make, ...(programs?.make ?? [])].map(({ program }) => program)].filter(
    (name) => name !== undefined,
  )

/** What a configure step is run by: a part of the source tree then. */
export const sandbox = 'run-in-sandbox'

/** A configure step, in its sandbox. */
export const configured = ([program, ...words]: string[]): string[] =>
  program === undefined ? [] : [sandbox, `./${program}`, ...words]

/** The words of what runs before them, from the folder of the sources, if there is anything. */
export const configureWords = ({ configure = [] }: Project, filling: Filling): string[] =>
  configured(configure).map((word) => fillWord(word, filling))
