import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type InstalledFile, installedFiles } from '../build/installed-files.ts'
import { writeSourceTree } from '../build/source-tree.ts'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'
import type { Command } from '../run/exec.ts'
import { writeTools } from './tools.ts'

/** One of the tool's own templates or scripts: they hold for any module. */
export const packagingFile = (path: string): string => join(home, path)

const manualFolder = (project: Project): string => join(project.root, 'docs/man')

/** The manual pages of the modules; the command's own (section 8) comes with the command. */
export function manualPages(project: Project): string[] {
  const folder = manualFolder(project)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[\w.@+-]+\.[1-7]$/.test(name))
    .sort()
}

/** A licence's own text, beside the manifest or where its root is. */
export const licenseFile = (project: Project): string | undefined =>
  ['LICENSE', 'COPYING', 'LICENSE.md', 'LICENSE.txt']
    .map((name) => join(project.root, name))
    .find((file) => existsSync(file))

/** Words for people that a package brings, by their names in it. */
export function documents(project: Project): Record<string, string> {
  const changelog = join(project.root, 'CHANGELOG.md')
  const { chrony } = project.install
  return {
    ...(existsSync(changelog) && { 'CHANGELOG.md': changelog }),
    ...(chrony && {
      'chrony.conf': join(project.folder, chrony.config),
      'chrony.service.conf': join(project.folder, chrony.unit),
    }),
    ...(chrony?.precise && { 'chrony-precise.conf': join(project.folder, chrony.precise) }),
  }
}

/**
 * What a package of modules for one kernel brings beside them: there can be several of those on one
 * machine, so that only files that have the package's name can come along, under the package's own.
 */
export function binaryFiles(project: Project, binaryName: string): InstalledFile[] {
  const { name } = project.package
  return installedFiles(project)
    .filter(({ path }) => path.includes(name) && !path.startsWith('/etc/dkms/'))
    .map(({ path, ...file }) => ({ ...file, path: path.replace(name, binaryName) }))
}

/** Writes files into files/, each below its path in the system. */
export function writeFiles(files: InstalledFile[], folder: string): void {
  mkdirSync(join(folder, 'files'), { recursive: true })
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, 'files', path)), { recursive: true })
    writeFileSync(join(folder, 'files', path), text)
  }
}

/** Writes what is read by people: the licence as LICENSE, and doc/. */
export function writeDocuments(project: Project, folder: string): void {
  const license = licenseFile(project)
  if (license) copyFileSync(license, join(folder, 'LICENSE'))
  mkdirSync(join(folder, 'doc'), { recursive: true })
  for (const [name, file] of Object.entries(documents(project)))
    copyFileSync(file, join(folder, 'doc', name))
}

/**
 * Writes what a package is made of: src/, man/, doc/, files/, the script that calls dkms, and tools/,
 * which is the package of the command.
 */
export function writePackageTree(project: Project, folder: string, zsh?: string): void {
  mkdirSync(join(folder, 'src'), { recursive: true })
  mkdirSync(join(folder, 'man'))
  writeSourceTree(project, join(folder, 'src'))
  for (const manual of manualPages(project))
    copyFileSync(join(manualFolder(project), manual), join(folder, 'man', manual))
  copyFileSync(packagingFile('scripts/guest/every-kernel'), join(folder, 'every-kernel'))
  writeFiles(installedFiles(project), folder)
  writeDocuments(project, folder)
  writeTools(project, join(folder, 'tools'), zsh)
}

/** Copies the modules that were built for one kernel. */
export function copyModules(project: Project, from: string, to: string): void {
  for (const { name, as = name } of project.modules)
    cpSync(join(from, `${as}.ko`), join(to, `${as}.ko`))
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
