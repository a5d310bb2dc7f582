import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fill } from '../build/render.ts'
import { ownManifest, renderDkmsConf } from '../build/source-tree.ts'
import { home } from '../home.ts'
import { loadManifest } from '../manifest/load.ts'
import { debianChangelog } from '../package/changelog.ts'
import { manualPages } from '../package/files.ts'
import { readReleases } from '../package/releases.ts'
import { packageValues } from '../package/values.ts'

/**
 * What dpkg-buildpackage wants in debian/ and this project says elsewhere, by path. In the tree it
 * makes the package of the modules, which needs no Node; that of the command is the toolchain's.
 */
export function debianFiles(): Record<string, string> {
  const project = loadManifest(ownManifest)
  const releases = readReleases(project)
  const values = packageValues(project, releases, manualPages(project))
  const template = readFileSync(join(home, 'debian/dkms/control.tpl'), 'utf8')
  const control = fill(template, { ...values, tools: { node: '0' } })
  return {
    'debian/changelog': debianChangelog(releases, values.debName, values.maintainer),
    'debian/control': control.slice(0, control.indexOf(`\nPackage: ${values.debName}-tools`)),
    'debian/dkms.conf': renderDkmsConf(project).replaceAll(project.version, '#VERSION#'),
    'debian/sources': `${project.sources.join('\n')}\n`,
  }
}
