import type { Project } from './manifest.ts'

/** What the files of the modules are called below /lib/modules, without .ko; modprobe goes by that. */
export const fileNames = ({ modules }: Pick<Project, 'modules'>): string[] =>
  modules.map(({ name, as = name }) => as)

/** What the kernel calls them once they are loaded, whatever their files are called. */
export const loadedNames = ({ modules }: Pick<Project, 'modules'>): string[] =>
  modules.map(({ name }) => name)
