import { basename, join } from 'node:path'
import { buildHint, errorLines, outOfSpace } from '../build/hints.ts'
import { readLog } from '../build/logs.ts'
import { verifyModule } from '../build/verify.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { type Command, quote, type Result, show } from '../run/exec.ts'
import { exitStatus, Failure, type FailureKind } from '../run/failure.ts'
import type { Step } from '../run/steps.ts'
import { ours } from '../run/typed.ts'
import { keyByPolicy } from '../signing/policy.ts'
import { isSignedWith, signModule } from '../signing/sign.ts'
import { dkmsTree } from '../system/dkms.ts'
import type { Kernel } from '../system/kernels.ts'
import { findModules, isLinked } from '../system/modules.ts'
import { logFolder } from './input.ts'

/** every-kernel ends with our own status for what went wrong. */
function kindOf(status: number): FailureKind {
  const kinds = ['headers', 'dkms', 'build', 'install', 'space', 'sign'] as const
  return kinds.find((kind) => exitStatus[kind] === status) ?? 'dkms'
}

/** dkms says little about a failed build; its make.log says it all, and every-kernel keeps it. */
function explainDkms({ package: { name }, version }: Project, releases: string[]) {
  return (command: Command, { status, stdout, stderr }: Result): Failure => {
    const logs = releases.map((release) => join(logFolder(name), `${release}.log`))
    const said = `${stdout}${stderr}`
    const log = logs.find((file) => said.includes(`Its log: ${file}`))
    const text = `${log ? readLog(log) : ''}\n${said}`
    const errors = errorLines(text, `${dkmsTree}/${name}/${version}/build`)
    if (outOfSpace(text))
      return new Failure('space', 'There is no space left for the build.', {
        details: errors,
        mend: `df -h ${dkmsTree}`,
      })
    const hint = buildHint(text)
    const told = /^\S+: (the modules could not be .+)$/m.exec(said)?.[1]
    const plain = `${show(command)} failed with status ${status}.`
    return new Failure(kindOf(status), told?.replace('the', 'The') ?? plain, {
      details: [...errors, ...(hint ? [hint] : [])],
      mend: log ? `less ${log}` : `ls -l ${dkmsTree}/${name}`,
    })
  }
}

/** The steps of a plan, with what their failures mean. */
export const explained = (project: Project, releases: string[], steps: Step[]): Step[] =>
  steps.map((step) =>
    step.kind === 'build' ? { explain: explainDkms(project, releases), ...step } : step,
  )

const asRoot = (...words: string[]): Command => ({ ...ours(...words), root: true })

/** Each kernel has each module once, and it is this version, built for that kernel. */
export function verifyStep(project: Project, kernels: Kernel[]): Step {
  return {
    title: 'Check what was installed',
    kind: 'install',
    action: async () => {
      for (const kernel of kernels) {
        const names = fileNames(forKernel(project, kernel))
        const files = findModules(kernel.release, names).filter((file) => !isLinked(file))
        for (const name of names) {
          const own = files.filter((file) => basename(file).startsWith(`${name}.ko`))
          if (own.length !== 1)
            throw new Failure(
              'install',
              `Kernel ${kernel.release} has ${own.length} files of ${name}.`,
              {
                mend: `find /lib/modules/${quote(kernel.release)} -name '${name}.ko*'`,
                details: own,
              },
            )
        }
        await Promise.all(files.map((file) => verifyModule(project, kernel, file, 'install')))
      }
    },
  }
}

/** dkms signs by itself, but a failure to is only a warning to it, and in a container it may not try. */
export function signStep(project: Project, kernels: Kernel[]): Step {
  const names = fileNames(project)
  return {
    title: 'Check the signatures',
    kind: 'sign',
    same: keyByPolicy(project)
      ? [asRoot('sign', ...kernels.flatMap(({ release }) => ['--kernel', release]))]
      : [],
    action: async () => {
      const key = keyByPolicy(project)
      if (!key) return
      for (const kernel of kernels)
        for (const file of findModules(kernel.release, names))
          if (!(await isSignedWith(file, key))) await signModule(kernel, file, key)
    },
  }
}
