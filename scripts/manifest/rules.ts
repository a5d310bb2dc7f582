import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import { missingSeries } from './kernel-range.ts'
import type { Manifest } from './manifest.ts'
import type { Mistake } from './mistake.ts'

type Rule = (manifest: Manifest, folder?: string) => Mistake[]
type Path = (string | number)[]

function duplicates(names: [string, Path][], what: string): Mistake[] {
  const seen = new Set<string>()
  return names.flatMap(([name, path]) => {
    if (seen.has(name)) return [{ path, message: `${what} ${name} is named twice` }]
    seen.add(name)
    return []
  })
}

/** Linux 2.6.12, where its git history begins, to a major number that is far away. */
const everyKernel = '>=2.6.12 <100.0.0'

function badRange(range: string, path: Path, within?: string): Mistake[] {
  if (semver.validRange(range) === null)
    return [{ path, message: `"${range}" is not a version range, such as ">=4.14.0"` }]
  if (within && !semver.intersects(range, within))
    return [{ path, message: `no kernel fits "${range}"` }]
  return []
}

function badPattern(pattern: string, path: Path): Mistake[] {
  try {
    new RegExp(pattern)
    return []
  } catch (error) {
    return [{ path, message: (error as Error).message }]
  }
}

type Call = { program?: string; target?: string }

/** All that is called to build, each with its place. */
const calls = ({ make = [], programs }: Manifest): { call: Call; path: Path }[] => [
  ...make.map((call, i) => ({ call, path: ['make', i] })),
  ...(programs?.make ?? []).map((call, i) => ({ call, path: ['programs', 'make', i] })),
]

/** The scripts of the sources that a build runs. */
function scripts(manifest: Manifest): { file: string; path: Path }[] {
  const { configure = [] } = manifest
  return [
    ...configure.slice(0, 1).map((file) => ({ file, path: ['configure', 0] })),
    ...calls(manifest).flatMap(({ call: { program }, path }) =>
      program === undefined ? [] : [{ file: program, path: [...path, 'program'] }],
    ),
  ]
}

/** Every file that the manifest names, but for sources. */
function namedFiles(manifest: Manifest): { file: string; path: Path }[] {
  const { install, patches } = manifest
  return [
    ...(install?.udev ? [{ file: install.udev, path: ['install', 'udev'] }] : []),
    ...(['config', 'precise', 'unit'] as const).flatMap((what) => {
      const file = install?.chrony?.[what]
      return file ? [{ file, path: ['install', 'chrony', what] }] : []
    }),
    ...Object.entries(install?.files ?? {}).map(([to, file]) => ({
      file,
      path: ['install', 'files', to],
    })),
    ...scripts(manifest),
    ...(patches ?? []).map(({ file }, i) => ({ file, path: ['patches', i, 'file'] })),
  ]
}

/** dkms looks at the series of a kernel only. */
function wholeSeries(range: string | undefined, path: Path): Mistake[] {
  if (range === undefined) return []
  const bad = badRange(range, path, everyKernel)
  if (bad.length > 0 || !missingSeries(range)) return bad
  return [{ path, message: `"${range}" divides a series: dkms can say 6.12, not 6.12.3` }]
}

/** What a schema cannot say, each rule by its name. */
const rules: Record<string, Rule> = {
  kernelRangeFitsAKernel: ({ kernel }) => {
    const path = ['kernel', 'range']
    if (kernel?.range === undefined) return []
    const bad = badRange(kernel.range, path, everyKernel)
    if (bad.length > 0 || semver.minVersion(kernel.range)) return bad
    return [{ path, message: `no kernel fits "${kernel.range}"` }]
  },

  dkmsRangeIsARange: ({ dkms }) => (dkms ? badRange(dkms.range, ['dkms', 'range']) : []),

  patchesAreForWholeSeries: ({ patches }) =>
    (patches ?? []).flatMap(({ kernel }, i) => wholeSeries(kernel, ['patches', i, 'kernel'])),

  modulesAreForWholeSeries: ({ modules }) =>
    (modules ?? []).flatMap(({ kernel }, i) =>
      wholeSeries(kernel?.range, ['modules', i, 'kernel', 'range']),
    ),

  makeIsForWholeSeries: ({ make }) =>
    (make ?? []).flatMap(({ kernel, also = [] }, i) => [
      ...wholeSeries(kernel?.range, ['make', i, 'kernel', 'range']),
      ...also.flatMap(({ kernel: { range } }, j) =>
        wholeSeries(range, ['make', i, 'also', j, 'kernel', 'range']),
      ),
    ]),

  eachOptionOnce: (m) =>
    duplicates(
      (['required', 'recommended'] as const).flatMap((list) =>
        (m.kernel?.options?.[list] ?? []).map((option, i): [string, Path] => [
          option.name,
          ['kernel', 'options', list, i, 'name'],
        ]),
      ),
      'option',
    ),

  eachModuleOnce: ({ modules }) =>
    duplicates(
      (modules ?? []).map((module, i) => [module.as ?? module.name, ['modules', i, 'name']]),
      'module',
    ),

  eachFileOnce: ({ install, programs }) =>
    duplicates(
      [
        ...Object.keys(install?.files ?? {}).map((to): [string, Path] => [
          to,
          ['install', 'files', to],
        ]),
        ...Object.keys(programs?.files ?? {}).map((to): [string, Path] => [
          to,
          ['programs', 'files', to],
        ]),
      ],
      'file',
    ),

  eachDistributionOnce: (m) =>
    duplicates(
      (m.distributions ?? []).flatMap((d, i) =>
        d.ids.map((id, j): [string, Path] => [id, ['distributions', i, 'ids', j]]),
      ),
      'distribution',
    ),

  filesAreThere: (m, folder) =>
    folder === undefined
      ? []
      : namedFiles(m).flatMap(({ file, path }) =>
          existsSync(join(folder, file))
            ? []
            : [{ path, message: `${file} is not in the manifest's folder` }],
        ),

  scriptsBeginAsSuch: (m, folder) =>
    scripts(m).flatMap(({ file, path }) => {
      const at = folder && join(folder, file)
      if (!at || !existsSync(at) || readFileSync(at).subarray(0, 2).toString() === '#!') return []
      return [{ path, message: `${file} does not begin with #!` }]
    }),

  buildsDoNotInstall: (m) =>
    calls(m).flatMap(({ call: { target = '' }, path }) =>
      target.split(' ').some((word) => /^(modules_)?install$/.test(word))
        ? [{ path: [...path, 'target'], message: `${target}: dkms installs, a build does not` }]
        : [],
    ),

  patternsCompile: (m) => [
    ...(['expect', 'forbid', 'values', 'interactive'] as const).flatMap((list) =>
      (m.smoke?.[list] ?? []).flatMap(({ pattern }, i) =>
        pattern === undefined ? [] : badPattern(pattern, ['smoke', list, i, 'pattern']),
      ),
    ),
    ...(m.modules ?? []).flatMap(({ version }, i) =>
      version === undefined
        ? []
        : badPattern(version.replaceAll('{version}', ''), ['modules', i, 'version']),
    ),
    ...(m.distributions ?? []).flatMap((d, i) =>
      d.flavours.flatMap((flavour, j) =>
        badPattern(flavour.pattern, ['distributions', i, 'flavours', j, 'pattern']),
      ),
    ),
  ],
}

/** Applies all rules; `folder` is where the files are looked for, if given. */
export function checkRules(manifest: Manifest, folder?: string): Mistake[] {
  return Object.values(rules).flatMap((rule) => rule(manifest, folder))
}
