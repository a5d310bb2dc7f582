import { existsSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import type { Mistake } from './load.ts'
import type { Manifest } from './manifest.ts'

type Rule = (manifest: Manifest, folder?: string) => Mistake[]

function duplicates(names: [string, (string | number)[]][], what: string): Mistake[] {
  const seen = new Set<string>()
  return names.flatMap(([name, path]) => {
    if (seen.has(name)) return [{ path, message: `${what} ${name} is named twice` }]
    seen.add(name)
    return []
  })
}

/** Linux 2.6.12, where its git history begins, to a major number that is far away. */
const everyKernel = '>=2.6.12 <100.0.0'

function badRange(range: string, path: string[], within?: string): Mistake[] {
  if (semver.validRange(range) === null)
    return [{ path, message: `"${range}" is not a version range, such as ">=4.14.0"` }]
  if (within && !semver.intersects(range, within))
    return [{ path, message: `no kernel fits "${range}"` }]
  return []
}

function badPattern(pattern: string, path: (string | number)[]): Mistake[] {
  try {
    new RegExp(pattern)
    return []
  } catch (error) {
    return [{ path, message: (error as Error).message }]
  }
}

/** What a schema cannot say, each rule by its name. */
const rules: Record<string, Rule> = {
  kernelRangeFitsAKernel: (m) => {
    const path = ['kernel', 'range']
    const bad = badRange(m.kernel.range, path, everyKernel)
    if (bad.length > 0 || semver.minVersion(m.kernel.range)) return bad
    return [{ path, message: `no kernel fits "${m.kernel.range}"` }]
  },

  dkmsRangeIsARange: (m) => badRange(m.dkms.range, ['dkms', 'range']),

  eachOptionOnce: (m) =>
    duplicates(
      (['required', 'recommended'] as const).flatMap((list) =>
        (m.kernel.options?.[list] ?? []).map((option, i): [string, (string | number)[]] => [
          option.name,
          ['kernel', 'options', list, i, 'name'],
        ]),
      ),
      'option',
    ),

  eachModuleOnce: (m) =>
    duplicates(
      m.modules.map((module, i) => [module.name, ['modules', i, 'name']]),
      'module',
    ),

  eachDistributionOnce: (m) =>
    duplicates(
      m.distributions.flatMap((d, i) =>
        d.ids.map((id, j): [string, (string | number)[]] => [id, ['distributions', i, 'ids', j]]),
      ),
      'distribution',
    ),

  filesAreThere: (m, folder) =>
    folder === undefined
      ? []
      : [
          ...m.sources.map((source, i) => ({ source, path: ['sources', i] })),
          { source: m.install.udev ?? '', path: ['install', 'udev'] },
          ...(['config', 'unit'] as const).map((what) => ({
            source: m.install.chrony?.[what] ?? '',
            path: ['install', 'chrony', what],
          })),
        ].flatMap(({ source, path }) =>
          existsSync(join(folder, source))
            ? []
            : [{ path, message: `${source} is not in the manifest's folder` }],
        ),

  kbuildIsASource: (m) =>
    m.sources.some((source) => source === 'Kbuild' || source === 'Makefile')
      ? []
      : [{ path: ['sources'], message: 'has neither Kbuild nor Makefile' }],

  patternsCompile: (m) => [
    ...(['expect', 'forbid', 'values', 'interactive'] as const).flatMap((list) =>
      (m.smoke?.[list] ?? []).flatMap(({ pattern }, i) =>
        pattern === undefined ? [] : badPattern(pattern, ['smoke', list, i, 'pattern']),
      ),
    ),
    ...m.distributions.flatMap((d, i) =>
      d.flavours.flatMap((flavour, j) =>
        badPattern(flavour.pattern, ['distributions', i, 'flavours', j, 'pattern']),
      ),
    ),
  ],
}

/** Applies all rules; `folder` is where the sources are looked for, if given. */
export function checkRules(manifest: Manifest, folder?: string): Mistake[] {
  return Object.values(rules).flatMap((rule) => rule(manifest, folder))
}
