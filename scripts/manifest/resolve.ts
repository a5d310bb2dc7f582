import { dirname, join, relative } from 'node:path'
import distributions from './distributions.json' with { type: 'json' }
import { findLicense, findModules, findVersion, packageJson } from './find-out.ts'
import type { Distribution, Manifest, Project } from './manifest.ts'
import type { Mistake } from './mistake.ts'
import { architectures } from './schema.ts'
import { matching, sourceFiles } from './sources.ts'
import { isVersion, oneLine } from './words.ts'

const ownTable = distributions as Distribution[]

/** The manifest's own entries first: the first one that fits is taken. */
const withTable = (own: Distribution[]): Distribution[] => [...own, ...ownTable]

/** What a manifest leaves out and nothing around it tells. */
function unknown(path: (string | number)[], what: string, key: string): Mistake {
  return { path, message: `${what} cannot be found out: say it as "${key}"` }
}

/** All of what a package says of itself, but its description, is of one line each. */
function plainAbout(about: Project['package']): Project['package'] {
  const { summary, license, maintainer, homepage, copyright, changes } = about
  return {
    ...about,
    summary: oneLine(summary),
    license: oneLine(license),
    maintainer: oneLine(maintainer),
    ...(homepage && { homepage: oneLine(homepage) }),
    ...(copyright && { copyright: copyright.map(oneLine) }),
    ...(changes && { changes: changes.map(oneLine) }),
  }
}

/** A checked manifest with what it need not say, or why that cannot be found out. */
export function resolveManifest(manifest: Manifest, file: string): Project | Mistake[] {
  const folder = dirname(file)
  const root = manifest.root ? join(folder, manifest.root) : folder
  // What somebody built here is no source: make would take it for done.
  const built = Object.values(manifest.programs?.files ?? {})
  const all = sourceFiles(folder, relative(folder, file)).filter((path) => !built.includes(path))
  const sources = (manifest.sources ?? ['.']).map((entry) => matching(entry, folder, all))
  const files = [...new Set(sources.flat())]
  const { package: about } = manifest
  const version = about.version ?? findVersion(root, folder, files)
  const license = about.license ?? findLicense(folder, files)
  const maintainer = about.maintainer ?? packageJson(root, 'author')
  const homepage = about.homepage ?? packageJson(root, 'homepage')
  const modules = manifest.modules ?? findModules(folder, files).map((name) => ({ name }))
  const { root: _, ...rest } = manifest
  const mistakes = [
    ...sources.flatMap((found, i) =>
      found.length > 0
        ? []
        : [
            {
              path: ['sources', i],
              message: `${manifest.sources?.[i]} is not in the manifest's folder`,
            },
          ],
    ),
    ...(version && isVersion(version) ? [] : [unknown(['package'], 'the version', 'version')]),
    ...(license ? [] : [unknown(['package'], 'the licence', 'license')]),
    ...(maintainer ? [] : [unknown(['package'], 'the maintainer', 'maintainer')]),
    ...(modules.length > 0 ? [] : [unknown([], 'what modules are built', 'modules')]),
  ]
  if (!version || !license || !maintainer || mistakes.length > 0) return mistakes
  return {
    ...rest,
    package: plainAbout({ ...about, license, maintainer, ...(homepage && { homepage }) }),
    file,
    folder,
    root,
    version,
    sources: files,
    modules,
    make: manifest.make ?? [{}],
    kernel: { range: '>=2.6.12', architectures: [...architectures], ...manifest.kernel },
    dkms: manifest.dkms ?? { range: '>=2.8.0' },
    install: { location: '/updates/dkms', autoload: 'modalias', ...manifest.install },
    signing: manifest.signing ?? 'auto',
    distributions: withTable(manifest.distributions ?? []),
  }
}
