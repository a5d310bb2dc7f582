import { Eta } from 'eta'
import semver from 'semver'
import type { Project } from '../manifest/manifest.ts'

const eta = new Eta({ autoEscape: false, autoTrim: false })

/** dkms's BUILD_EXCLUSIVE_ARCH: an extended regular expression on uname -m. */
function architectures(names: string[]): string {
  return `^(${names.map((name) => (name === 'i686' ? 'i.86' : name)).join('|')})$`
}

/** What dkms.conf.tpl is filled with. */
export function dkmsValues(project: Project) {
  const floor = semver.minVersion(project.kernel.range)
  return {
    name: project.package.name,
    version: project.version,
    modules: project.modules.map((module) => module.name),
    location: project.install.location,
    signing: project.signing,
    architectures: architectures(project.kernel.architectures),
    options: (project.kernel.options?.required ?? []).map((option) => option.name).join(' '),
    kernelMin: floor ? `${floor.major}.${floor.minor}` : '',
  }
}

/** Fills a template's text. */
export const fill = (template: string, values: object): string => eta.renderString(template, values)

/** Renders dkms.conf.tpl's text for a project. */
export const render = (template: string, project: Project): string =>
  fill(template, dkmsValues(project))

/** modprobe.d and modules-load.d files that the manifest asks for; most ask for none. */
export function configFiles(project: Project): { path: string; text: string }[] {
  const banner = `# Written by vmmci-dkms for ${project.package.name} ${project.version}. Do not edit.\n`
  const options = project.modules
    .filter((module) => Object.keys(module.parameters ?? {}).length > 0)
    .map((module) => {
      const values = Object.entries(module.parameters ?? {}).map(
        ([name, value]) => `${name}=${value}`,
      )
      return `options ${module.name} ${values.join(' ')}\n`
    })
  const names = project.modules.map((module) => `${module.name}\n`)
  return [
    ...(options.length > 0
      ? [{ path: `/etc/modprobe.d/${project.package.name}.conf`, text: banner + options.join('') }]
      : []),
    ...(project.install.autoload === 'boot'
      ? [
          {
            path: `/etc/modules-load.d/${project.package.name}.conf`,
            text: banner + names.join(''),
          },
        ]
      : []),
  ]
}
