import { createHash, randomUUID } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative } from 'node:path'
import semver from 'semver'
import { below, sourceFiles, writeFiles } from '../install/files.ts'
import type { Project } from '../manifest/manifest.ts'
import { type Command, exec, quote, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { throwIfInterrupted } from '../run/interrupt.ts'
import { makeFolder, scratchFolder } from '../run/scratch.ts'
import { compilerArguments, findCompiler } from '../system/compiler.ts'
import { type Kernel, machine } from '../system/kernels.ts'
import { hasAlias, type ModuleInfo, moduleInfo } from '../system/modules.ts'
import { buildHint, errorLines, outOfSpace } from './hints.ts'
import { configureWords, type Filling, makeWords } from './make.ts'
import { sourceTree, writeSourceTree } from './source-tree.ts'

/** Where a kernel's modules come to lie. */
export const buildFolder = (out: string, kernel: Kernel): string => join(out, kernel.release)

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
    ...makeWords(project, filled).map((argv) => ({
      argv: argv[0] === 'make' ? [...argv, `-j${jobs}`, ...told] : argv,
      cwd: folder,
    })),
  ]
}

/** What a person would type to build for one kernel, in a new folder that goes again. */
export async function typedCommands(
  project: Project,
  kernel: Kernel,
  out: string,
  extra: string[] = [],
  jobs = availableParallelism(),
): Promise<Command[]> {
  const work = `/tmp/vmmci-dkms-${randomUUID()}`
  const built = project.modules.map(({ name, folder }) => join(work, folder ?? '.', `${name}.ko`))
  const target = buildFolder(out, kernel)
  return [
    { argv: ['mkdir', '-m', '700', work] },
    ...writeFiles(below(work, sourceFiles(project))).map(({ root, ...command }) => command),
    ...(await buildCommands(project, kernel, work, jobs, extra)),
    { argv: ['mkdir', '-p', target] },
    { argv: ['cp', ...built, target] },
    { argv: ['rm', '-rf', work] },
  ]
}

/** The module files of a finished build, or a Failure that tells which were not made. */
function builtFiles(project: Project, kernel: Kernel, work: string, log: string): string[] {
  const made = project.modules.map(({ name, folder }) => join(work, folder ?? '.', `${name}.ko`))
  const missing = made.filter((file) => !existsSync(file)).map((file) => relative(work, file))
  if (missing.length === 0) return made
  const others = readdirSync(work, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ko'))
    .map((name) => `made: ${name}`)
  throw new Failure(
    'build',
    `The build for kernel ${kernel.release} made no ${missing.join(', ')}, which the manifest names.`,
    { details: others, mend: `less ${quote(log)}` },
  )
}

/** MODULE_VERSION as a manifest wants it: a pattern for all of it. */
const versionPattern = (project: Project, pattern: string) =>
  new RegExp(
    `^(?:${pattern.replaceAll('{version}', project.version.replaceAll(/[.*+?^$|()[\]\\{}]/g, '\\$&'))})$`,
  )

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
  if (module?.version && !versionPattern(project, module.version).test(info.version ?? ''))
    throw new Failure(
      kind,
      `${file} has version ${info.version ?? 'none'}, not ${module.version.replaceAll('{version}', project.version)}.`,
      { mend },
    )
  for (const alias of module?.aliases ?? [])
    if (!hasAlias(info, alias))
      throw new Failure(kind, `${file} lacks the alias ${alias}.`, {
        mend: `modinfo -F alias ${quote(file)}`,
      })
  return info
}

function buildFailure(
  kernel: Kernel,
  { argv: [program] }: Command,
  log: string,
  text: string,
  status: number,
): Failure {
  if (outOfSpace(text))
    return new Failure('space', 'There is no space left for the build.', {
      mend: `df -h ${quote(log)}`,
    })
  const hint = buildHint(text)
  return new Failure(
    'build',
    `The build for kernel ${kernel.release} failed (${basename(program ?? '')}: ${status}).`,
    {
      details: [...errorLines(text), ...(hint ? [hint] : [])],
      mend: `less ${quote(log)}`,
    },
  )
}

/** A digest of all that a build is made from: the sources, the headers, the compiler, and what make is told. */
async function ingredients(project: Project, kernel: Kernel, extra: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const [path, content] of sourceTree(project)) hash.update(`${path}\n`).update(content)
  const { folder = '' } = kernel.headers
  for (const name of ['.config', 'Module.symvers', 'include/generated/utsrelease.h']) {
    const file = join(folder, name)
    // Headers of the same release that are put there anew may be others.
    if (existsSync(file)) hash.update(`${file} ${statSync(file).mtimeMs} ${statSync(file).size}\n`)
  }
  const commands = await buildCommands(project, kernel, '/', 1, extra)
  return hash
    .update(JSON.stringify([await findCompiler(kernel.headers), commands, project.modules]))
    .digest('hex')
}

/** What an earlier build made of the same; undefined where it has to be built. */
async function builtAlready(
  project: Project,
  kernel: Kernel,
  target: string,
): Promise<ModuleInfo[] | undefined> {
  try {
    return await Promise.all(
      project.modules.map(({ name, as = name }) =>
        verifyModule(project, kernel, join(target, `${as}.ko`), 'build'),
      ),
    )
  } catch {
    return undefined
  }
}

/**
 * Builds the modules for one kernel, out of tree, into OUT/RELEASE: first in a folder of its own, so
 * that a failure or an interruption leaves what was there. On failure only make.log is new. What was
 * built there from the same is not built again.
 */
export async function buildFor(
  project: Project,
  kernel: Kernel,
  out: string,
  extra: string[] = [],
  jobs = availableParallelism(),
  onOutput: (text: string) => void = () => {},
): Promise<ModuleInfo[]> {
  const target = buildFolder(out, kernel)
  makeFolder(target)
  const stamp = join(target, '.built-from')
  const now = await ingredients(project, kernel, extra)
  const there = readLog(stamp) === now && (await builtAlready(project, kernel, target))
  if (there) return there
  const work = scratchFolder(true)
  try {
    writeSourceTree(project, work)
    const log = join(target, 'make.log')
    let text = ''
    for (const command of await buildCommands(project, kernel, work, jobs, extra)) {
      const { status, stdout, stderr } = await exec(command, { onOutput })
      throwIfInterrupted()
      text += `$ ${show(command)}\n${stdout}${stderr}`
      if (status === 0) continue
      writeLog(log, text)
      throw buildFailure(kernel, command, log, text, status)
    }
    writeLog(log, text)

    const infos = await Promise.all(
      builtFiles(project, kernel, work, log).map((file) =>
        verifyModule(project, kernel, file, 'build'),
      ),
    )
    for (const info of infos) {
      const module = project.modules.find(({ name }) => name === info.name)
      const file = join(target, `${module?.as ?? info.name}.ko`)
      exchange(info.file, file)
      info.file = file
    }
    writeLog(stamp, now)
    return infos
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Puts a copy of a file in the place of another, whole or not at all. */
function exchange(from: string, to: string): void {
  try {
    copyFileSync(from, `${to}.new`)
    renameSync(`${to}.new`, to)
  } finally {
    rmSync(`${to}.new`, { force: true })
  }
}

/** A log that finds no space must not hide what it was about. */
function writeLog(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch {
    rmSync(file, { force: true })
  }
}

/** A log's text, or nothing where it cannot be read. */
export function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
