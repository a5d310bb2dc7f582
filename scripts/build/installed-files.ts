import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Module, Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'

/** A file that comes along with the modules, and where it goes. */
export interface InstalledFile {
  path: string
  text: Buffer
  /** The file that it is a copy of, if it is one. */
  from?: string
  /** Where that is a program, this is one. */
  executable?: boolean
}

/** A parameter as modprobe takes it: what has spaces stands in quotes. */
const setting = ([name, value]: [string, string]) =>
  /^[A-Za-z0-9_.,:/+-]*$/.test(value) ? `${name}=${value}` : `${name}="${value}"`

function modprobeLines({ name: own, as: name = own, ...module }: Module): string[] {
  const { parameters = {}, softdeps = {} } = module
  const settings = Object.entries(parameters).map(setting)
  const { pre = [], post = [] } = softdeps
  const order = [
    ...(pre.length > 0 ? ['pre:', ...pre] : []),
    ...(post.length > 0 ? ['post:', ...post] : []),
  ]
  return [
    ...(settings.length > 0 ? [`options ${name} ${settings.join(' ')}`] : []),
    ...(order.length > 0 ? [`softdep ${name} ${order.join(' ')}`] : []),
  ]
}

/** modprobe.d and modules-load.d files that the manifest asks for; most ask for none. */
export function configFiles(project: Project): { path: string; text: string }[] {
  const { name } = project.package
  const { autoload, blacklist = [] } = project.install
  const modprobe = [
    ...project.modules.flatMap(modprobeLines),
    ...blacklist.map((module) => `blacklist ${module}`),
  ]
  const load = autoload === 'boot' ? fileNames(project) : []
  const banner = `# From the manifest of ${name}. Do not edit.`
  return [
    { path: `/etc/modprobe.d/${name}.conf`, lines: modprobe },
    { path: `/etc/modules-load.d/${name}.conf`, lines: load },
  ]
    .filter(({ lines }) => lines.length > 0)
    .map(({ path, lines }) => ({ path, text: `${[banner, ...lines].join('\n')}\n` }))
}

/** All that is put beside the modules, by install and by packages alike. */
export function installedFiles(project: Project): InstalledFile[] {
  const { install, folder } = project
  const named = {
    ...(install.udev && {
      [`/usr/lib/udev/rules.d/60-${project.package.name}.rules`]: install.udev,
    }),
    ...install.files,
  }
  return [
    ...configFiles(project).map(({ path, text }) => ({ path, text: Buffer.from(text) })),
    ...Object.entries(named).map(([path, from]) => ({
      path,
      text: readFileSync(join(folder, from)),
      from: join(folder, from),
      executable: (statSync(join(folder, from)).mode & 0o100) !== 0,
    })),
  ]
}
