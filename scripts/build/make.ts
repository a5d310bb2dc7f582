import { basename } from 'node:path'
import { patternOf } from '../manifest/kernel-range.ts'
import type { Make, Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'

/** What stands in braces in a manifest's words. */
export interface Filling {
  release: string
  headers: string
  source: string
  version: string
  architecture: string
}

const braces = /\{(release|headers|source|version|architecture)\}/

/** A word, filled. */
const fillWord = (word: string, filling: Filling): string =>
  word.replaceAll(new RegExp(braces, 'g'), (_, name: keyof Filling) => filling[name])

/** One of a manifest's ways to build, as words that still have braces. */
function template({ program, folder, own, words = [], target }: Make): string[] {
  if (program) return [`{source}/${program}`, ...words]
  const at = folder ? `{source}/${folder}` : '{source}'
  if (own) return ['make', '-C', at, ...words, ...(target?.split(' ') ?? [])]
  return ['make', '-C', '{headers}', `M=${at}`, ...words, ...(target ?? 'modules').split(' ')]
}

/** The commands that build a project, one after the other. */
export const makeWords = (project: Project, filling: Filling): string[][] =>
  project.make.map((make) => template(make).map((word) => fillWord(word, filling)))

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
const configured = ([program, ...words]: string[]): string[] =>
  program === undefined ? [] : [sandbox, `./${program}`, ...words]

/** The words of what runs before them, from the folder of the sources, if there is anything. */
export const configureWords = ({ configure = [] }: Project, filling: Filling): string[] =>
  configured(configure).map((word) => fillWord(word, filling))

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

/** Text as it stands between double quotes. */
const between = (text: string): string => text.replaceAll(/["\\$`]/g, '\\$&')

/**
 * A word as it stands between double quotes, to be read by a shell: dkms writes what it has read
 * between double quotes once more, and has that read before.
 */
export function shellWord(word: string, filling: Filling): string {
  return word
    .split(braces)
    .map((part, i) => {
      if (i % 2 === 1) return filling[part as keyof Filling]
      return part === '' ? '' : between(between(quote(part)))
    })
    .join('')
}

/**
 * Where MAKE begins with make, dkms adds -j and KERNELRELEASE, and by that a Makefile may take itself
 * to be called by kbuild. One of the sources' own gets it only if its words say so.
 */
const isToBeKept = ({ own, words = [] }: Make): boolean =>
  own === true && !words.some((word) => word.startsWith('KERNELRELEASE='))

/** MAKE[0] of dkms.conf: all of them. */
export function dkmsMake(project: Project): string {
  const filling = dkmsFilling(project)
  const line = (words: string[]) => words.map((word) => shellWord(word, filling)).join(' ')
  const kept = (one: Make) => `env ${line(template(one))} -j\\$(nproc)`
  return project.make
    .map((one, i) => (i === 0 && isToBeKept(one) ? kept(one) : line(template(one))))
    .join(' && ')
}

/** How akms calls them (AKMBUILD(5)); its build() runs in a copy of the sources. */
const akmsFilling = (project: Project): Filling => ({
  release: '$kernel_ver',
  headers: '$kernel_srcdir',
  source: '$builddir',
  version: project.version,
  architecture: '$(uname -m)',
})

/** A word for a shell that reads it once, as akms's does. */
const onceRead = (word: string, filling: Filling) =>
  word
    .split(braces)
    .map((part, i) => {
      if (i % 2 === 1) return `"${filling[part as keyof Filling]}"`
      return part === '' ? '' : quote(part)
    })
    .join('')

/** A patch, for the kernels that it is for. */
function akmsPatch(file: string, range: string | undefined): string {
  const apply = `patch -p1 -i ${quote(`patches/${file}`)}`
  if (!range) return apply
  return `if echo "$kernel_ver" | grep -Eq ${quote(patternOf(range))}; then ${apply}; fi`
}

/** The lines of AKMBUILD's build(), where akms's own would not do. */
export function akmsBuild(project: Project): string[] {
  const { make, configure = [], patches = [] } = project
  const plain = make.length === 1 && Object.keys(make[0] ?? {}).length === 0
  if (plain && configure.length === 0 && patches.length === 0) return []
  const filling = akmsFilling(project)
  const line = (words: string[]) => words.map((word) => onceRead(word, filling)).join(' ')
  const [program, ...words] = configure
  return [
    'cd "$builddir"',
    ...patches.map(({ file, kernel }) => akmsPatch(basename(file), kernel)),
    ...(program ? [line([`./${program}`, ...words])] : []),
    ...make.map((one) => line(template(one))),
  ]
}

/** What its last line is where it fails. */
export const programsFailed = 'The programs could not be built.'

/** What builds the programs, in the source tree: the same for an installation and for each package. */
export const programScript = 'build-programs'

/**
 * Its text; undefined where a manifest has no programs. A patch for some kernels only is not for them.
 * Where they go is said, too: a source tree that is as it should be then tells that they are.
 */
export function programBuild(project: Project): string | undefined {
  const { package: about, version, patches = [], programs } = project
  if (!programs) return undefined
  // The schema lets none of the words have a kernel's.
  const filling = { ...akmsFilling(project), source: '$PWD' }
  const line = (words: string[]) => words.map((word) => onceRead(word, filling)).join(' ')
  const made = Object.entries(programs.files).map(([to, from]) => `made ${quote(from)} # ${to}`)
  return `${[
    '#!/bin/sh',
    `# From the manifest of ${about.name} ${version}. Do not edit.`,
    '# Builds the programs, in the folder that it lies in.',
    'set -e',
    '# What they say stays in its order.',
    'exec 2>&1',
    'cd "$(dirname "$0")"',
    `trap '[ $? -eq 0 ] || echo "${programsFailed}"' EXIT`,
    '',
    'made() {',
    '\t[ -f "$1" ] && return',
    '\techo "The build made no $1, which the manifest names."',
    '\treturn 1',
    '}',
    '',
    ...patches
      .filter(({ kernel }) => !kernel)
      .map(({ file }) => akmsPatch(basename(file), undefined)),
    ...programs.make.map((one) => line(template({ ...one, own: true }))),
    ...made,
  ].join('\n')}\n`
}

/** PRE_BUILD of dkms.conf. */
export const dkmsConfigure = (project: Project): string =>
  configured(project.configure ?? [])
    .map((word) => shellWord(word, dkmsFilling(project)))
    .join(' ')
