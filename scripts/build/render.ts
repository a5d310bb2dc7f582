import { basename } from 'node:path'
import { Eta } from 'eta'
import semver from 'semver'
import { patternOf, seriesPattern } from '../manifest/kernel-range.ts'
import type { Project } from '../manifest/manifest.ts'
import { architecturePattern, condition } from './condition.ts'
import { dkmsAsking, dkmsConfigure, dkmsMake } from './dkms-make.ts'

const eta = new Eta({ autoEscape: false, autoTrim: false })

/** BUILD_EXCLUSIVE_KERNEL_MIN, where the manifest says one. */
function kernelMin(range: string): string {
  const floor = semver.minVersion(range)
  if (!floor || floor.compare('2.6.12') <= 0) return ''
  return `${floor.major}.${floor.minor}`
}

/** What dkms.conf.tpl is filled with. */
export function dkmsValues(project: Project) {
  const { install, kernel } = project
  // dkms has BUILD_EXCLUSIVE_* by module from 3.3 on only.
  const modules = project.modules.map((module) => ({
    ...module,
    location: module.location ?? install.location,
    when: condition(module.kernel, dkmsAsking),
  }))
  return {
    name: project.package.name,
    version: project.version,
    make: dkmsMake(project),
    configure: dkmsConfigure(project),
    modules,
    /** Whether the place of a module in the lists of dkms depends on the kernel. */
    conditional: modules.some(({ when }) => when),
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
