import type { Project } from '../manifest/manifest.ts'
import { versionFits, wantedVersion } from '../manifest/module-version.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Kernel } from '../system/kernels.ts'
import { hasAlias, type ModuleInfo, moduleInfo } from '../system/modules.ts'

/** Throws unless a built or installed module is what the manifest says, for this kernel. */
export async function verifyModule(
  project: Project,
  kernel: Kernel,
  file: string,
  kind: 'build' | 'install',
): Promise<ModuleInfo> {
  const info = await moduleInfo(file)
  if (!info)
    throw new Failure(kind, `${file} is not a kernel module.`, { mend: `modinfo ${quote(file)}` })
  const module = project.modules.find((m) => (m.as ?? m.name) === info.name || m.name === info.name)
  const mend = `modinfo ${quote(file)}`
  if (info.release !== kernel.release)
    throw new Failure(kind, `${file} has vermagic ${info.release}, not ${kernel.release}.`, {
      mend,
    })
  if (module && !versionFits(project, module, info.version))
    throw new Failure(
      kind,
      `${file} has version ${info.version ?? 'none'}, not ${wantedVersion(project, module)}.`,
      { mend },
    )
  for (const alias of module?.aliases ?? [])
    if (!hasAlias(info, alias))
      throw new Failure(kind, `${file} lacks the alias ${alias}.`, {
        mend: `modinfo -F alias ${quote(file)}`,
      })
  return info
}
