import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { findRivals, readDkms, sourceFolders } from '../system/dkms.ts'
import { findOwner, type Owner } from '../system/ownership.ts'
import { managers } from './packages.ts'
import { sourceFolder } from './plan.ts'

function ownerCommand({ manager, package: name }: Owner, verb: 'install' | 'remove'): string {
  const { refresh, upgrade, install, remove } = managers[manager]
  if (verb === 'remove') return [...remove, name].join(' ')
  if (upgrade) return upgrade.join(' ')
  return [...(refresh ? [...refresh, '&&'] : []), ...install, name].join(' ')
}

/** Throws where a distribution's package has it in hand, and says how to update that. */
export async function requireNotOwned(project: Project, verb: 'install' | 'remove'): Promise<void> {
  const { name } = project.package
  const byDkms = readDkms(name).map(({ version }) => sourceFolder(name, version))
  // Also what dkms knows nothing of.
  for (const folder of new Set([...byDkms, ...sourceFolders(name)])) {
    const owner = await findOwner(join(folder, 'dkms.conf'))
    if (!owner) continue
    throw new Failure(
      'owned',
      `${folder} belongs to the package ${owner.package}; leaving it alone.`,
      { mend: ownerCommand(owner, verb) },
    )
  }
}

/** Those of a package's files that are there and belong to no other package. */
export async function unowned(paths: string[]): Promise<string[]> {
  const owners = await Promise.all(paths.map((path) => findOwner(path)))
  return paths.filter((_, i) => !owners[i])
}

/** Throws where a package brought modules of these names, by dkms or as they are: only one can be a kernel's. */
export async function requireNotAnothers(project: Project, strays: string[]): Promise<void> {
  const names = fileNames(project)
  const rivals = findRivals(project.package.name, names)
  const found = [
    ...rivals.map(({ name, version }) => join(sourceFolder(name, version), 'dkms.conf')),
    ...strays,
  ]
  for (const path of found) {
    const owner = await findOwner(path)
    if (owner)
      throw new Failure(
        'owned',
        `The package ${owner.package} has modules of these names: ${names.join(', ')}.`,
        { details: [path], mend: ownerCommand(owner, 'remove') },
      )
  }
}

/** Throws where a file that would be put beside the modules is another package's. */
export async function requireFree(project: Project, paths: string[]): Promise<void> {
  for (const path of paths) {
    const owner = existsSync(path) ? await findOwner(path) : undefined
    if (owner)
      throw new Failure('owned', `${path} belongs to the package ${owner.package}.`, {
        mend: `"\${EDITOR:-vi}" ${quote(project.file)}`,
      })
  }
}
