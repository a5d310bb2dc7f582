import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeSourceTree } from '../build/source-tree.ts'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'
import { type Command, quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'

/** Where a project's changelog, licence, manual pages and debian/ are: above its manifest. */
export const packageFolder = (project: Project): string => dirname(project.folder)

/** A template or script: the project's own, else ours, which hold for any module. */
export function packagingFile(project: Project, path: string): string {
  const own = join(packageFolder(project), path)
  return existsSync(own) ? own : join(home, path)
}

const manualFolder = (project: Project): string => join(packageFolder(project), 'docs/man')

/** The manual pages of the modules; the command's own (section 8) comes with the command. */
export function manualPages(project: Project): string[] {
  const folder = manualFolder(project)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /\.[1-7]$/.test(name))
    .sort()
}

/** Rules and drop-ins that the manifest names, by what they are called beside the modules. */
const configSources = ({ install }: Project): [name: string, path: string][] =>
  (
    [
      ['udev.rules', install.udev],
      ['chrony.conf', install.chrony?.config],
      ['chrony.service.conf', install.chrony?.unit],
    ] as [string, string | undefined][]
  ).flatMap(([name, path]) => (path ? [[name, path] as [string, string]] : []))

/** Copies them into a folder, under those names. */
export function copyConfig(project: Project, folder: string): void {
  for (const [name, path] of configSources(project))
    copyFileSync(join(project.folder, path), join(folder, name))
}

/** Copies a file that has to be there. */
function bring(project: Project, name: string, folder: string): void {
  const file = join(packageFolder(project), name)
  if (!existsSync(file))
    throw new Failure('package', `There is no ${file}, which a package must have.`, {
      mend: `ls ${quote(packageFolder(project))}`,
    })
  copyFileSync(file, join(folder, name))
}

/** Writes what rpm, pacman and apk get as a source archive: src/, man/, scripts, rules and words. */
export function writePackageTree(project: Project, folder: string): void {
  mkdirSync(join(folder, 'src'), { recursive: true })
  mkdirSync(join(folder, 'man'))
  writeSourceTree(project, join(folder, 'src'))
  for (const manual of manualPages(project))
    copyFileSync(join(manualFolder(project), manual), join(folder, 'man', manual))
  for (const name of ['every-kernel', 'half-key.conf'])
    copyFileSync(packagingFile(project, `scripts/guest/${name}`), join(folder, name))
  copyConfig(project, folder)
  for (const name of ['CHANGELOG.md', 'LICENSE']) bring(project, name, folder)
}

/** Writes what dpkg-buildpackage works on: the parts of the project's own tree that debian/ names. */
export function writeDebianTree(project: Project, folder: string): void {
  const from = packageFolder(project)
  if (!existsSync(join(from, 'debian/rules')))
    throw new Failure('package', `${from} has no debian/ to make a package of.`, {
      mend: `ls ${quote(from)}`,
    })
  for (const part of ['debian', 'docs', 'scripts/guest'])
    if (existsSync(join(from, part)))
      cpSync(join(from, part), join(folder, part), { recursive: true })
  writeSourceTree(project, join(folder, 'kmod'))
  for (const [, path] of configSources(project))
    cpSync(join(project.folder, path), join(folder, 'kmod', path))
}

/** Packs a folder the same way whoever does it, wherever and whenever. */
export function tarCommand(folder: string, name: string, archive: string, epoch: string): Command {
  return {
    argv: [
      'tar',
      ...['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'],
      ...['--mode=u+rw,go=u-w', '--format=gnu', '-I', 'gzip -9n', '-C', folder, '-cf', archive],
      name,
    ],
  }
}
