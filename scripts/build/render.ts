import { basename } from 'node:path'
import { Eta } from 'eta'
import semver from 'semver'
import { patternOf, seriesPattern } from '../manifest/kernel-range.ts'
import type { Module, Project } from '../manifest/manifest.ts'
import { architectures } from '../manifest/schema.ts'
import { dkmsConfigure, dkmsMake, variable } from './make.ts'

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

const config = `"${variable('kernel_source_dir')}/.config"`

/** An option as a shell asks for it; a kernel whose .config cannot be read has them as they should be. */
const asked = (name: string): string =>
  name.startsWith('!')
    ? `! grep -qs '^${name.slice(1)}=[ym]' ${config}`
    : `{ [ ! -e ${config} ] || grep -q '^${name}=[ym]' ${config}; }`

/**
 * What has to be so for a kernel to get a module, for bash; undefined where each gets it. dkms has
 * BUILD_EXCLUSIVE_* by module from 3.3 on only.
 */
function condition({ kernel: { range, options = [] } = {} }: Module): string | undefined {
  const series = range ? [`[[ ! $kernelver || $kernelver =~ ${patternOf(range)} ]]`] : []
  return [...series, ...options.map(asked)].join(' && ') || undefined
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
      when: condition(module),
    })),
    /** Whether the place of a module in the lists of dkms depends on the kernel. */
    conditional: project.modules.some((module) => condition(module)),
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
