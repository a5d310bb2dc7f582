import type { Project } from '../manifest/manifest.ts'
import { versionFits } from '../manifest/module-version.ts'
import type { LoadedModule } from '../system/modules.ts'

/**
 * Which of the loaded modules are to be exchanged, in the order in which they can go, and whether any
 * has to be loaded. One of which the manifest says no version is as good as new unless its file was
 * `replaced`.
 */
export function modulesToExchange(
  project: Pick<Project, 'modules' | 'version'>,
  loaded: LoadedModule[],
  replaced: boolean,
): { load: boolean; unload: string[] } {
  const isOld = ({ name, version }: LoadedModule) => {
    const module = project.modules.find((m) => m.name.replaceAll('-', '_') === name)
    return module?.version ? !versionFits(project, module, version) : replaced
  }
  const old = loaded.filter(isOld).map((module) => module.name)
  return { load: loaded.length - old.length < project.modules.length, unload: old.reverse() }
}
