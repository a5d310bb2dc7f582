import { basename } from 'node:path'
import { Eta } from 'eta'
import semver from 'semver'
import { patternOf, seriesPattern } from '../manifest/kernel-range.ts'
import type { Project } from '../manifest/manifest.ts'
import { architectures } from '../manifest/schema.ts'
import { dkmsConfigure, dkmsMake } from './make.ts'

const eta = new Eta({ autoEscape: false, autoTrim: false })

/** dkms's BUILD_EXCLUSIVE_ARCH: an extended regular expression on uname -m; none where all are meant. */
function architecturePattern(names: string[]): string {
  if (names.length === architectures.length) return ''
  return `^(${names.map((name) => (name === 'i686' ? 'i.86' : name)).join('|')})$`
}

/** BUILD_EXCLUSIVE_KERNEL_MIN, where the manifest says one. */
function kernelMin(range: string): string {
  const floor = semver.minVersion(range)
  if (!floor || floor.compare('2.6.12') <= 0) return ''
  return `${floor.major}.${floor.minor}`
}

/** What dkms.conf.tpl is filled with. */
export function dkmsValues(project: Project) {
  const { install, kernel } = project
  return {
    name: project.package.name,
    version: project.version,
    make: dkmsMake(project),
    configure: dkmsConfigure(project),
    modules: project.modules.map((module) => ({
      name: module.name,
      as: module.as,
      folder: module.folder,
      location: module.location ?? install.location,
    })),
    patches: (project.patches ?? []).map(({ file, kernel }) => ({
      name: basename(file),
      match: kernel && patternOf(kernel),
    })),
    after: project.after ?? [],
    signing: project.signing,
    architectures: architecturePattern(kernel.architectures),
    options: (kernel.options?.required ?? []).map((option) => option.name).join(' '),
    kernelMin: kernelMin(kernel.range),
    kernelPattern: seriesPattern(kernel.range),
  }
}

/** Fills one of the tool's own templates. A manifest brings none: a template is code. */
export const fill = (template: string, values: object): string => eta.renderString(template, values)

/** Renders dkms.conf.tpl's text for a project. */
export const render = (template: string, project: Project): string =>
  fill(template, dkmsValues(project))
