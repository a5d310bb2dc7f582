import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import semver from 'semver'
import { below, sourceFiles, writeFiles } from '../install/files.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import type { Command } from '../run/exec.ts'
import { newFolder } from '../run/scratch.ts'
import { compilerArguments } from '../system/compiler.ts'
import { findCompiler } from '../system/find-compiler.ts'
import { type Kernel, machine } from '../system/kernels.ts'
import { configureWords, type Filling, makeCommands } from './make.ts'

/** Where a kernel's modules come to lie. */
export const buildFolder = (out: string, kernel: Kernel): string => join(out, kernel.release)

/** The module files that a build in a folder makes. */
export const madeIn = (project: Project, folder: string): string[] =>
  project.modules.map((module) => join(folder, module.folder ?? '.', `${module.name}.ko`))

/** What puts them into a folder, each under the name that it has from then on. */
function copies(project: Project, folder: string, target: string): Command[] {
  const made = madeIn(project, folder)
  const isRenamed = (i: number) => project.modules[i]?.as !== undefined
  const plain = made.filter((_, i) => !isRenamed(i))
  return [
    ...(plain.length > 0 ? [{ argv: ['cp', ...plain, target] }] : []),
    ...made.flatMap((file, i) =>
      isRenamed(i) ? [{ argv: ['cp', file, join(target, `${project.modules[i]?.as}.ko`)] }] : [],
    ),
  ]
}

/** What a manifest's words are filled with for a build in a folder. */
const filling = (project: Project, { release, headers }: Kernel, folder: string): Filling => ({
  release,
  headers: headers.folder ?? `/lib/modules/${release}/build`,
  source: folder,
  version: project.version,
  architecture: machine(),
})

/**
 * Patches, the configure step, and make with the kernel's own compiler; W=1 and the like come in
 * through `extra`.
 */
export async function buildCommands(
  project: Project,
  kernel: Kernel,
  folder: string,
  jobs: number,
  extra: string[] = [],
): Promise<Command[]> {
  const filled = filling(project, kernel, folder)
  const compiler = await findCompiler(kernel.headers)
  const told = [...(compiler ? compilerArguments(compiler) : []), ...extra]
  const [program, ...words] = configureWords(project, filled)
  return [
    ...(project.patches ?? [])
      .filter(({ kernel: range }) => !range || semver.satisfies(kernel.version, range))
      .map(({ file }) => ({
        argv: ['patch', '-p1', '-i', join(project.folder, file)],
        cwd: folder,
      })),
    ...(program ? [{ argv: [join(folder, program), ...words], cwd: folder }] : []),
    ...makeCommands(forKernel(project, kernel), filled).map(({ argv, ...more }) => ({
      ...more,
      argv: argv[0] === 'make' ? [...argv, `-j${jobs}`, ...told] : argv,
      cwd: folder,
    })),
  ]
}

/** What writes the source tree into a new folder, which is the user's own. */
export const writtenTree = (project: Project, folder: string): Command[] => [
  { argv: ['mkdir', '-m', '700', folder] },
  ...writeFiles(below(folder, sourceFiles(project))).map(({ root, ...command }) => command),
]

/** What a person would type to build for one kernel, in a new folder that goes again. */
export async function typedCommands(
  project: Project,
  kernel: Kernel,
  out: string,
  extra: string[] = [],
  jobs = availableParallelism(),
): Promise<Command[]> {
  const work = newFolder()
  const target = buildFolder(out, kernel)
  return [
    ...writtenTree(project, work),
    ...(await buildCommands(project, kernel, work, jobs, extra)),
    { argv: ['mkdir', '-p', target] },
    ...copies(forKernel(project, kernel), work, target),
    { argv: ['rm', '-rf', work] },
  ]
}
