import { join, normalize } from 'node:path'
import { sandbox } from '../build/make.ts'
import { findDescription, findLicense, findModuleLicense } from '../manifest/find-out.ts'
import { rangeOf } from '../manifest/kernel-range.ts'
import type { Make, Manifest, Module } from '../manifest/manifest.ts'
import { architectures } from '../manifest/schema.ts'
import { sourceFiles } from '../manifest/sources.ts'
import { isVersion } from '../manifest/words.ts'
import { readMakes } from './make.ts'
import { forTheirKernels, type Matched } from './match.ts'
import { readAssignments, readCommands } from './shell.ts'

/** A manifest, and what it could not take over, a sentence each. */
export interface Imported {
  manifest: Manifest
  notes: string[]
}

/** What dkms sets before it reads the file, as a manifest's words. */
const given: Record<string, string> = {
  kernelver: '{release}',
  kernel_source_dir: '{headers}',
  arch: '{architecture}',
  dkms_tree: '{tree}',
  source_tree: '/usr/src',
  PWD: '{source}',
  parallel_jobs: '',
}

/** Its own words for what the file says. */
const same = { module: 'PACKAGE_NAME', module_version: 'PACKAGE_VERSION' }

/** A word that names the version still does so for the next one. */
const kept = { PACKAGE_VERSION: '{version}' }

/** What a script of the sources puts something else for, where a dkms.conf is only a template. */
const placeholder = /@\w+@|#\w+#/

/** Variables that are read here, or that say nothing to today's dkms. */
const understood = new Set([
  ...['PACKAGE_NAME', 'PACKAGE_VERSION', 'MAKE', 'MAKE_MATCH', 'CLEAN', 'AUTOINSTALL'],
  ...['PRE_BUILD', 'PATCH'],
  ...['BUILT_MODULE_NAME', 'BUILT_MODULE_LOCATION', 'DEST_MODULE_NAME', 'DEST_MODULE_LOCATION'],
  ...['BUILD_EXCLUSIVE_ARCH', 'BUILD_EXCLUSIVE_CONFIG', 'BUILD_EXCLUSIVE_KERNEL_MIN'],
  'BUILD_EXCLUSIVE_KERNEL',
  ...['BUILD_EXCLUSIVE_KERNEL_MAX', 'BUILD_DEPENDS', 'REMAKE_INITRD', 'MODULES_CONF', 'STRIP'],
  ...['NO_WEAK_MODULES', 'MODULES_CONF_ALIAS_TYPE'],
])

/** Variables of dkms that a manifest has no word for. */
const dkmsOnly = /^(OBSOLETE_BY|PRE_|POST_)/

/** What says something like it in a manifest. */
const instead: Record<string, string> = {
  POST_INSTALL: ': say in install.files what it puts somewhere',
  OBSOLETE_BY: ': say in kernel.range which kernels need the modules',
}

const trimmed = (path: string) => path.replace(/^\/?(.*?)\/*$/, '$1')

function readModules(get: (name: string) => string[]): Module[] {
  const [name = ''] = get('PACKAGE_NAME')
  const names = get('BUILT_MODULE_NAME')
  const [folders, as, places] = [
    'BUILT_MODULE_LOCATION',
    'DEST_MODULE_NAME',
    'DEST_MODULE_LOCATION',
  ].map(get)
  return (names.length > 0 ? names : [name]).map((module, i) => {
    const folder = trimmed((folders?.[i] ?? '').replace(/^\.\//, ''))
    const place = places?.[i] && normalize(`/${trimmed(places[i])}`)
    return {
      name: module,
      ...(as?.[i] && as[i] !== module && { as: as[i] }),
      ...(folder && { folder }),
      ...ownKernel(get, i),
      ...(place && { location: place }),
    }
  })
}

/** The place that all modules have in common is said once. */
function placed(modules: Module[]): { modules: Module[]; location?: string } {
  const places = new Set(modules.map(({ location }) => location))
  const [location] = places
  if (places.size !== 1 || location === undefined) return { modules }
  return { modules: modules.map(({ location: _, ...rest }) => rest), location }
}

/** A pattern; undefined where it is none, or none here. */
function readPattern(pattern: string): RegExp | undefined {
  try {
    return pattern ? new RegExp(pattern) : undefined
  } catch {
    return undefined
  }
}

/** The series that fit a pattern; undefined where that cannot be said. */
function seriesOf(text: string): string | undefined {
  const pattern = readPattern(text)
  return pattern && rangeOf(pattern)
}

/** MAKE by MAKE_MATCH; without that the first one is for all, and others are for none. */
function readMatched(get: (name: string) => string[], notes: string[]): Matched[] {
  const matches = get('MAKE_MATCH')
  const own = get('MAKE').flatMap((text, i) => {
    const match = matches[i]
    if (!match || !text) return []
    const pattern = seriesOf(match) && readPattern(match)
    if (pattern) return [{ text, pattern }]
    notes.push(`MAKE_MATCH[${i}], ${match}, is not taken over: say a range.`)
    return []
  })
  const [first = ''] = get('MAKE')
  return [{ text: matches[0] ? '' : first, pattern: /^/ }, ...own]
}

/** The kernels that are meant by what is said of all modules, or of one of them. */
function readRange(get: (name: string) => string[], i: number): string | undefined {
  const [min, max, pattern] = ['KERNEL_MIN', 'KERNEL_MAX', 'KERNEL'].map(
    (what) => get(`BUILD_EXCLUSIVE_${what}`)[i],
  )
  const limits = [...(min ? [`>=${min}`] : []), ...(max ? [`<=${max}`] : [])]
  const series = seriesOf(pattern ?? '')?.split(' || ') ?? ['']
  return series.map((one) => [...limits, one].join(' ').trim()).join(' || ') || undefined
}

const readOptions = (get: (name: string) => string[], i: number): string[] =>
  (get('BUILD_EXCLUSIVE_CONFIG')[i] ?? '').split(/\s+/).filter(Boolean)

/** The architectures that fit a pattern, if one is said. */
function readArchitectures(get: (name: string) => string[], i: number) {
  const pattern = readPattern(get('BUILD_EXCLUSIVE_ARCH')[i] ?? '')
  const fits = pattern ? architectures.filter((name) => pattern.test(name)) : []
  return fits.length > 0 ? { architectures: fits } : {}
}

/** From 3.3 on dkms has them by module, too; those of the first one are everybody's. */
function ownKernel(get: (name: string) => string[], i: number): Pick<Module, 'kernel'> {
  const [range, options] = i > 0 ? [readRange(get, i), readOptions(get, i)] : [undefined, []]
  const kernel = {
    ...(range && { range }),
    ...(options.length > 0 && { options }),
    ...(i > 0 && readArchitectures(get, i)),
  }
  return Object.keys(kernel).length > 0 ? { kernel } : {}
}

function kernelOf(get: (name: string) => string[]): Manifest['kernel'] {
  const range = readRange(get, 0)
  const options = readOptions(get, 0)
  const kernel = {
    ...(range && { range }),
    ...readArchitectures(get, 0),
    ...(options.length > 0 && {
      options: { required: options.map((name) => ({ name, reason: 'it is built for that' })) },
    }),
  }
  return Object.keys(kernel).length > 0 ? kernel : undefined
}

/** Reads a dkms.conf beside its sources; nothing of it is run. */
export function importDkmsConf(text: string, folder: string): Imported {
  const { values, known, notes } = readAssignments(text, given, same, kept)
  const raw = (name: string) => (values.get(name) ?? []).map((value) => value ?? '')
  const [name = '', version = ''] = [raw('PACKAGE_NAME')[0], raw('PACKAGE_VERSION')[0]]
  const folders = [version, kept.PACKAGE_VERSION].flatMap((one) =>
    ['build', 'source'].map((last) => ['{tree}', name, one, last].join('/')),
  )
  const inside = (word: string) =>
    folders.reduce((said, folder) => said.replaceAll(folder, '{source}'), word)
  const filled = (word: string) => word.replaceAll(kept.PACKAGE_VERSION, version)
  const words = (key: string) => raw(key).map(inside)
  const get = (key: string) => words(key).map(filled)
  // dkms has a shell read them two times more, first between double quotes.
  const commands = (text = '') =>
    readCommands(text.replaceAll(/\\(["\\$`])/g, '$1'), known).map((words) => words.map(inside))
  const sources = sourceFiles(folder)

  /** What throws is told, and left out. */
  const attempt = <T>(what: string, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      notes.push(`${what}: ${(error as Error).message}.`)
      return undefined
    }
  }

  /** Only words can name the version, and none can be for somebody else to fill in. */
  const asManifest = ({ words = [], ...rest }: Make): Make => {
    const [left, taken] = [true, false].map((is) =>
      words.filter((word) => placeholder.test(word) === is),
    ) as [string[], string[]]
    for (const word of left)
      notes.push(`MAKE: ${word} is left out: a script of the sources is to fill it in.`)
    const said = Object.entries(rest).map(([key, value]) => [
      key,
      typeof value === 'string' ? filled(value) : value,
    ])
    return { ...Object.fromEntries(said), ...(taken.length > 0 && { words: taken }) }
  }

  const make = attempt('MAKE', () =>
    forTheirKernels(readMatched(words, notes), (text) =>
      readMakes(text, commands(text), (note) => notes.push(note)),
    ).map(asManifest),
  )
  const before = attempt('PRE_BUILD', () => commands(words('PRE_BUILD')[0])[0])
  const configure = before?.[0] === sandbox ? before.slice(1) : before
  const { modules, location } = placed(readModules(get))
  const kernel = kernelOf(get)
  for (const [i, pattern] of get('BUILD_EXCLUSIVE_KERNEL').entries()) {
    if (!pattern) continue
    const range = (i === 0 ? kernel : modules[i]?.kernel)?.range
    const what = `BUILD_EXCLUSIVE_KERNEL${i === 0 ? '' : `[${i}]`}, ${pattern}, is`
    notes.push(
      seriesOf(pattern)
        ? `${what} taken for the range ${range}.`
        : `${what} not taken over: say a range.`,
    )
  }
  for (const [i, arch] of get('BUILD_EXCLUSIVE_ARCH').entries())
    if (arch && !(i === 0 ? kernel : modules[i]?.kernel)?.architectures)
      notes.push(`BUILD_EXCLUSIVE_ARCH${i === 0 ? '' : `[${i}]`}, ${arch}, is not taken over.`)
  for (const key of ['AUTOINSTALL', 'STRIP'])
    if (/^no?$/i.test(get(key)[0] ?? '')) notes.push(`${key}=no is not taken over.`)
  if (values.has('build_environment'))
    notes.push("build_environment is dkms's framework.conf's: dkms does not read it here.")
  for (const key of values.keys())
    if (!understood.has(key) && dkmsOnly.test(key))
      notes.push(`${key}, ${get(key)[0]}, is not taken over${instead[key] ?? ''}.`)
  if (!name) notes.push('PACKAGE_NAME is not said: say the name in the manifest.')
  if (!isVersion(version))
    notes.push(`PACKAGE_VERSION is ${version || 'not said'}: say the version in the manifest.`)

  const license = findLicense(folder, sources)
  const stated = license ?? findModuleLicense(folder, sources)
  if (!license) notes.push(`The licence is taken from MODULE_LICENSE: is it ${stated}?`)
  notes.push('Summary and maintainer are for you to say.')
  const plain = make?.length === 1 && Object.keys(make[0] ?? {}).length === 0
  const patches = get('PATCH').map((file, i) => {
    const match = get('PATCH_MATCH')[i]
    const range = match ? seriesOf(match) : undefined
    if (match && !range) notes.push(`PATCH_MATCH[${i}], ${match}, is not taken over: say a range.`)
    return { file: join('patches', file), ...(range && { kernel: range }) }
  })
  const after = get('BUILD_DEPENDS')
  return {
    manifest: {
      package: {
        name,
        ...(isVersion(version) && { version }),
        summary: findDescription(name, folder, sources) ?? `Module ${name}`,
        license: stated,
        maintainer: 'Nobody <nobody@localhost>',
      },
      ...(configure && { configure: configure.map((word) => word.replace(/^\.\//, '')) }),
      ...(make && make.length > 0 && !plain && { make }),
      ...(patches.length > 0 && { patches }),
      ...(after.length > 0 && { after }),
      modules,
      ...(kernel && { kernel }),
      ...(location && location !== '/updates/dkms' && { install: { location } }),
    },
    notes,
  }
}
