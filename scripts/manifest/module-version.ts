import type { Module, Project } from './manifest.ts'

type About = Pick<Project, 'version'>

/** What a manifest says that MODULE_VERSION is, as people are told. */
export const wantedVersion = ({ version }: About, module: Module): string | undefined =>
  module.version?.replaceAll('{version}', version)

/** Whether a MODULE_VERSION is what the manifest says; where it says nothing, any is, and none. */
export function versionFits({ version }: About, module: Module, found = ''): boolean {
  if (module.version === undefined) return true
  const own = version.replaceAll(/[.*+?^$|()[\]\\{}]/g, '\\$&')
  return new RegExp(`^(?:${module.version.replaceAll('{version}', own)})$`).test(found)
}
