import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Project } from '../manifest/manifest.ts'
import type { Command } from '../run/exec.ts'
import { debianChangelog } from './changelog.ts'
import { plainName } from './values.ts'

/** What the package of a repository's keys is called. */
export const keyringName = (project: Project): string =>
  `${plainName(project.package.name)}-archive-keyring`

const keysPath = (project: Project) => `/usr/share/keyrings/${keyringName(project)}.gpg`
const sourcesPath = ({ package: { name } }: Project) =>
  `/etc/apt/sources.list.d/${plainName(name)}.sources`

/** What apt reads of a repository, in the form of deb822. */
const sources = (project: Project, url: string): string =>
  [
    'Types: deb',
    `URIs: ${url}/deb`,
    'Suites: stable',
    'Components: main',
    `Signed-By: ${keysPath(project)}`,
    '',
  ].join('\n')

const control = (project: Project, version: string): string =>
  [
    `Package: ${keyringName(project)}`,
    `Version: ${version}`,
    'Architecture: all',
    'Multi-Arch: foreign',
    'Section: misc',
    'Priority: optional',
    `Maintainer: ${project.package.maintainer}`,
    `Description: keys and address of the ${project.package.name} repository`,
    ' With this package apt knows where the repository is and which keys sign it,',
    ' and takes no other key for it. A new key comes by an upgrade of this package.',
    '',
  ].join('\n')

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: nobody
License: public-domain
 Keys and an address are no work that anybody could own.
`

/** The versions in a pool, oldest first: days, and a number where a day has several. */
export const versionsIn = (pool: string, name: string): string[] =>
  (existsSync(pool) ? readdirSync(pool) : [])
    .filter((file) => file.startsWith(`${name}_`) && file.endsWith('_all.deb'))
    .map((file) => file.slice(name.length + 1, -'_all.deb'.length))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** What the package is about, by path; the rest of it says which version it is. */
const contents = (project: Project, keys: Buffer, url: string): Record<string, Buffer> => ({
  [keysPath(project)]: keys,
  [sourcesPath(project)]: Buffer.from(sources(project, url)),
})

/**
 * Adds the package of the public keys and of the address to pool/, unless the newest that is there has
 * the very same; the path of the newest one. `must` runs a command, and throws where it fails.
 */
export async function addKeyring(
  project: Project,
  pool: string,
  { keys, url }: { keys: Buffer; url: string },
  must: (command: Command) => Promise<unknown>,
): Promise<string> {
  const name = keyringName(project)
  const fileOf = (version: string) => join(pool, `${name}_${version}_all.deb`)
  const files = contents(project, keys, url)
  const known = versionsIn(pool, name)
  const newest = known.at(-1)
  if (newest) {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`))
    await must({ argv: ['dpkg-deb', '-x', fileOf(newest), folder] })
    const isSame = ([path, content]: [string, Buffer]) =>
      existsSync(join(folder, path)) && readFileSync(join(folder, path)).equals(content)
    if (Object.entries(files).every(isSame)) return fileOf(newest)
  }

  const date = new Date(new Date().setUTCHours(0, 0, 0, 0))
  const day = date.toISOString().slice(0, 10).replaceAll('-', '.')
  const ofToday = known.filter((version) => version.startsWith(day)).length
  const version = ofToday > 0 ? `${day}.${ofToday}` : day
  const { maintainer } = project.package
  const changes = debianChangelog([{ version, date, changes: ['The keys.'] }], name, maintainer)
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  for (const [path, content] of Object.entries({
    ...files,
    [`/usr/share/doc/${name}/changelog.gz`]: gzipSync(changes, { level: 9 }),
    [`/usr/share/doc/${name}/copyright`]: copyright,
    '/DEBIAN/control': control(project, version),
    '/DEBIAN/conffiles': `${sourcesPath(project)}\n`,
  })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  mkdirSync(pool, { recursive: true })
  await must({ argv: ['chmod', '-R', 'u=rwX,go=rX', folder] })
  await must({
    argv: ['dpkg-deb', '--root-owner-group', '-Zxz', '-b', folder, `${fileOf(version)}.new`],
    env: { SOURCE_DATE_EPOCH: String(date.getTime() / 1000) },
  })
  await must({ argv: ['mv', `${fileOf(version)}.new`, fileOf(version)] })
  return fileOf(version)
}
