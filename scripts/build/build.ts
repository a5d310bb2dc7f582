import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { type Command, exec, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { throwIfInterrupted } from '../run/interrupt.ts'
import { compilerArguments, findCompiler } from '../system/compiler.ts'
import type { Kernel } from '../system/kernels.ts'
import { hasAlias, type ModuleInfo, moduleInfo } from '../system/modules.ts'
import { buildHint, errorLines, outOfSpace } from './hints.ts'
import { writeSourceTree } from './source-tree.ts'

/** Where a kernel's modules come to lie. */
export const buildFolder = (out: string, kernel: Kernel): string => join(out, kernel.release)

/** The kbuild command for the kernel's own compiler; W=1 and the like come in through `extra`. */
export async function makeCommand(
  { release, headers }: Kernel,
  folder: string,
  jobs: number,
  extra: string[] = [],
): Promise<Command> {
  const at = headers.folder ?? `/lib/modules/${release}/build`
  const compiler = await findCompiler(headers)
  const told = [...(compiler ? compilerArguments(compiler) : []), ...extra]
  return { argv: ['make', '-C', at, `M=${folder}`, `-j${jobs}`, ...told, 'modules'] }
}

/** Throws unless a built or installed module is what the manifest says, for this kernel. */
export async function verifyModule(
  project: Project,
  kernel: Kernel,
  file: string,
  kind: 'build' | 'install',
): Promise<ModuleInfo> {
  const info = await moduleInfo(file)
  if (!info) throw new Failure(kind, `${file} is not a kernel module.`, { mend: `modinfo ${file}` })
  const module = project.modules.find((m) => m.name === info.name)
  const expected = [
    [info.release, kernel.release, 'vermagic'],
    [info.version ?? project.version, project.version, 'version'],
  ] as const
  for (const [is, should, what] of expected)
    if (is !== should)
      throw new Failure(kind, `${file} has ${what} ${is}, not ${should}.`, {
        mend: `modinfo ${file}`,
      })
  for (const alias of module?.aliases ?? [])
    if (!hasAlias(info, alias))
      throw new Failure(kind, `${file} lacks the alias ${alias}.`, {
        mend: `modinfo -F alias ${file}`,
      })
  return info
}

function buildFailure(kernel: Kernel, log: string, text: string, status: number): Failure {
  if (outOfSpace(text))
    return new Failure('space', 'There is no space left for the build.', { mend: `df -h ${log}` })
  const hint = buildHint(text)
  return new Failure('build', `The build for kernel ${kernel.release} failed (make: ${status}).`, {
    details: [...errorLines(text), ...(hint ? [hint] : [])],
    mend: `less ${log}`,
  })
}

/**
 * Builds the modules for one kernel, out of tree, into OUT/RELEASE: first in a folder of its own, so
 * that a failure or an interruption leaves what was there. On failure only make.log is new.
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
  mkdirSync(target, { recursive: true })
  const work = mkdtempSync(join(target, '.work-'))
  try {
    writeSourceTree(project, work)
    const command = await makeCommand(kernel, work, jobs, extra)
    const { status, stdout, stderr } = await exec(command, { onOutput })
    throwIfInterrupted()
    const text = `$ ${show(command)}\n${stdout}${stderr}`
    const log = join(target, 'make.log')
    if (status !== 0) {
      writeLog(log, text)
      throw buildFailure(kernel, log, text, status)
    }

    const infos = await Promise.all(
      project.modules.map((m) =>
        verifyModule(project, kernel, join(work, `${m.name}.ko`), 'build'),
      ),
    )
    for (const info of infos) {
      const file = join(target, `${info.name}.ko`)
      renameSync(info.file, file)
      info.file = file
    }
    writeLog(log, text)
    return infos
  } finally {
    rmSync(work, { recursive: true, force: true })
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
