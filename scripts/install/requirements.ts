import { accessSync, constants, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import semver from 'semver'
import { headersFailure } from '../build/select.ts'
import type { Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { compilerPackages, compilerProblem, findCompiler } from '../system/compiler.ts'
import { danglingEntries, dkmsTree, dkmsVersion, findRivals, readDkms } from '../system/dkms.ts'
import type { SystemFacts } from '../system/facts.ts'
import { movedFolders, showMovedFolder } from '../system/framework.ts'
import { type Kernel, machine, sameArchitecture } from '../system/kernels.ts'
import { findDevices, freeSpace } from '../system/machine.ts'
import { findOwner, type Owner } from '../system/ownership.ts'
import { moduleNames, sourceFolders } from './input.ts'
import { managers } from './packages.ts'
import { sourceFolder } from './plan.ts'

/** A source tree, its build and the installed modules, with room to spare. */
const neededSpace = 32 * 1024 * 1024

/** Says before anything is brought that there is nothing here to drive. */
export function tellDevice(project: Project, output: Output): void {
  const pattern = project.modules[0]?.aliases?.[0]
  if (pattern && findDevices(pattern).length === 0)
    output.tell(`No device in this machine fits ${pattern}: the modules will have nothing to do.`)
}

/** Throws on a system where installing by dkms cannot be. */
export function requirePlatform(project: Project, facts: SystemFacts): void {
  const { distribution } = facts
  if (distribution && distribution.dkms.length === 0)
    throw new Failure(
      'platform',
      `${distribution.dkmsNote ?? `${distribution.name} has no dkms`}.`,
      {
        mend: 'vmmci-dkms build',
      },
    )
  if (!project.kernel.architectures.some((name) => sameArchitecture(name, machine())))
    throw new Failure('platform', `${project.package.name} is not for ${machine()}.`)
}

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
  const names = moduleNames(project)
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

export async function requireDkms(project: Project, facts: SystemFacts): Promise<void> {
  const version = await dkmsVersion()
  const mend = facts.installCommand(facts.distribution?.dkms ?? ['dkms'])
  if (!version)
    throw new Failure(
      'dkms',
      `dkms is not installed. ${facts.distribution?.dkmsNote ?? facts.byHand(['dkms'])}`
        .replace('  ', ' ')
        .trim(),
      { mend },
    )
  if (!semver.satisfies(version, project.dkms.range))
    throw new Failure('dkms', `dkms ${version} is not ${project.dkms.range}.`, { mend })
  const [moved] = movedFolders().map(showMovedFolder)
  if (moved) throw new Failure('dkms', moved.message, { mend: moved.mend })
  const dangling = danglingEntries()
  if (dangling.length > 0)
    throw new Failure('dkms', `dkms has an entry whose source is gone: ${dangling.join(', ')}.`, {
      mend: `rm -r ${dangling.join(' ')}`,
    })
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}

/** Throws where nothing can be changed. With a /tmp that is read-only dkms does not even say its version. */
export function requireWritable(): void {
  for (const folder of ['/usr/src', dkmsTree, '/lib/modules', tmpdir(), '/etc', '/var/log'])
    if (isReadOnly(folder))
      throw new Failure('platform', `${folder} is read-only here.`, {
        mend: `findmnt -T ${folder}`,
      })
}

/** Throws where there is no room. */
export function requireSpace(): void {
  for (const folder of ['/usr/src', dkmsTree, '/lib/modules', tmpdir()])
    if (freeSpace(folder) < neededSpace)
      throw new Failure('space', `There is less than ${neededSpace >> 20} MiB free in ${folder}.`, {
        mend: `df -h ${folder}`,
      })
}

/** Throws where there is no compiler, or one that cannot make modules for this kernel. */
async function requireCompiler(facts: SystemFacts, kernel: Kernel): Promise<void> {
  const compiler = await findCompiler(kernel.headers)
  const problem = compiler
    ? compilerProblem(compiler, kernel)
    : `There is no compiler; kernel ${kernel.release} wants ${kernel.headers.compiler ?? 'gcc'}.`
  if (problem)
    throw new Failure('toolchain', problem + facts.byHand(['gcc', 'make']), {
      mend: compilerMend(facts, kernel),
    })
}

/** The command that brings a kernel's compiler. */
export function compilerMend(facts: SystemFacts, { headers }: Kernel): string | undefined {
  const { manager = 'apt', toolchain = ['gcc', 'make'] } = facts.distribution ?? {}
  return facts.installCommand(compilerPackages(headers, manager, toolchain))
}

/** Throws unless a build for each of the kernels can begin. */
export async function requireBuildable(facts: SystemFacts, kernels: Kernel[]): Promise<void> {
  for (const kernel of kernels) {
    const failure = await headersFailure(facts, kernel)
    if (failure) throw failure
    await requireCompiler(facts, kernel)
  }
}
