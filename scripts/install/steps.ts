import { mkdtempSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readLog, verifyModule } from '../build/build.ts'
import { buildHint, errorLines, outOfSpace } from '../build/hints.ts'
import type { Project } from '../manifest/manifest.ts'
import { show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { outlasting } from '../run/scratch.ts'
import type { Step } from '../run/steps.ts'
import { keyByPolicy } from '../signing/policy.ts'
import { isSignedWith, signModule } from '../signing/sign.ts'
import { dkmsTree } from '../system/dkms.ts'
import type { Kernel } from '../system/kernels.ts'
import { findModules } from '../system/modules.ts'

/** dkms says little about a failed build; its make.log says it all, and is kept. */
export function explainBuild(project: Project, step: Step): Step {
  if (step.kind !== 'build') return step
  return {
    ...step,
    explain: (command, result) => {
      const log = join(dkmsTree, project.package.name, project.version, 'build/make.log')
      const text = `${readLog(log)}\n${result.stdout}${result.stderr}`
      if (outOfSpace(text))
        return new Failure('space', 'There is no space left for the build.', {
          details: errorLines(text),
          mend: `df -h ${dkmsTree}`,
        })
      const kept = join(mkdtempSync(join(outlasting, `${project.package.name}-log-`)), 'make.log')
      writeFileSync(kept, text)
      const hint = buildHint(text)
      return new Failure('build', `${show(command)} failed with status ${result.status}.`, {
        details: [...errorLines(text), ...(hint ? [hint] : [])],
        mend: `less ${kept}`,
      })
    },
  }
}

/** Each kernel has each module once, and it is this version, built for that kernel. */
export function verifyStep(project: Project, kernels: Kernel[]): Step {
  const names = project.modules.map((module) => module.name)
  return {
    title: 'Check what was installed',
    kind: 'install',
    action: async () => {
      for (const kernel of kernels) {
        const files = findModules(kernel.release, names)
        for (const name of names) {
          const own = files.filter((file) => basename(file).startsWith(`${name}.ko`))
          if (own.length !== 1)
            throw new Failure(
              'install',
              `Kernel ${kernel.release} has ${own.length} files of ${name}.`,
              {
                mend: `find /lib/modules/${kernel.release} -name '${name}.ko*'`,
                details: own,
              },
            )
        }
        for (const file of files) await verifyModule(project, kernel, file, 'install')
      }
    },
  }
}

/** dkms signs by itself, but a failure to is only a warning to it, and in a container it may not try. */
export function signStep(project: Project, kernels: Kernel[]): Step {
  const names = project.modules.map((module) => module.name)
  return {
    title: 'Check the signatures',
    kind: 'sign',
    action: async () => {
      const key = keyByPolicy(project)
      if (!key) return
      for (const kernel of kernels)
        for (const file of findModules(kernel.release, names))
          if (!(await isSignedWith(file, key))) await signModule(kernel, file, key)
    },
  }
}
