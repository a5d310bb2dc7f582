import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative } from 'node:path'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { type Command, exec, quote, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { throwIfInterrupted } from '../run/interrupt.ts'
import { makeFolder, scratchFolder } from '../run/scratch.ts'
import type { Kernel } from '../system/kernels.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { buildCommands, buildFolder, madeIn } from './commands.ts'
import { builtAlready, ingredients, keepIngredients } from './earlier.ts'
import { buildHint, errorLines, outOfSpace } from './hints.ts'
import { writeLog } from './logs.ts'
import { noMake } from './make.ts'
import { writeSourceTree } from './source-tree.ts'
import { verifyModule } from './verify.ts'

/** The module files of a finished build, or a Failure that tells which were not made. */
function builtFiles(project: Project, kernel: Kernel, work: string, log: string): string[] {
  const made = madeIn(project, work)
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

function buildFailure(
  kernel: Kernel,
  { argv: [program] }: Command,
  work: string,
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
      details: [...errorLines(text, work), ...(hint ? [hint] : [])],
      mend: `less ${quote(log)}`,
    },
  )
}

/**
 * Builds the modules for one kernel, out of tree, into OUT/RELEASE: first in a folder of its own, so
 * that a failure or an interruption leaves what was there. On failure only make.log is new. What was
 * built there from the same is not built again.
 */
export async function buildFor(
  whole: Project,
  kernel: Kernel,
  out: string,
  extra: string[] = [],
  jobs = availableParallelism(),
  onOutput: (text: string) => void = () => {},
): Promise<ModuleInfo[]> {
  const project = forKernel(whole, kernel)
  if (project.make.length === 0)
    throw new Failure('kernel', noMake(kernel.release), { mend: 'ls /lib/modules' })
  const target = buildFolder(out, kernel)
  makeFolder(target)
  const now = await ingredients(project, kernel, extra)
  const there = await builtAlready(project, kernel, target, now)
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
      throw buildFailure(kernel, command, work, log, text, status)
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
    keepIngredients(target, now)
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
