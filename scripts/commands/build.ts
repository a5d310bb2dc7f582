import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { buildFor } from '../build/build.ts'
import { typedCommands } from '../build/commands.ts'
import { chooseKernels } from '../build/select.ts'
import { must } from '../check/finding.ts'
import { requireBuildable } from '../check/kernel.ts'
import { checkNeeds } from '../check/system.ts'
import type { Documents } from '../cli/documents.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import { inScratch, makeFolder } from '../run/scratch.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { ours } from '../run/typed.ts'
import { keyByPolicy } from '../signing/policy.ts'
import { isSignedWith, signModule } from '../signing/sign.ts'
import { readFacts } from '../system/facts.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { type CommonOptions, open } from './options.ts'

export async function build(
  options: CommonOptions & { out?: string; makeArg?: string[] },
): Promise<void> {
  const { project, output } = open(options)
  const facts = readFacts(project)
  const out = resolve(options.out ?? 'build')

  const kernels = await chooseKernels(project, facts, options, output)
  must(await checkNeeds(project, facts))
  await requireBuildable(facts, kernels)

  // One more than there are cores: while one waits for the disk another compiles.
  const jobs = Math.ceil((availableParallelism() + 1) / kernels.length)
  const key = keyByPolicy(project)
  if (options.dryRun) {
    const plan = kernels.map(async (kernel): Promise<Step> => {
      const { release } = kernel
      const signs = ours('sign', '--out', out, '--kernel', release)
      const commands = await typedCommands(project, kernel, out, options.makeArg, jobs)
      return {
        title: `Build for ${release}`,
        kind: 'build',
        commands: [...commands, ...(key ? [signs] : [])],
      }
    })
    return showPlan(await Promise.all(plan), output)
  }

  makeFolder(out)
  handleInterrupts()
  const built = new Map<string, ModuleInfo[]>()
  const steps = kernels.map(
    (kernel): Step => ({
      title: `Build for ${kernel.release}`,
      kind: 'build',
      action: async () => {
        const infos = await buildFor(project, kernel, out, options.makeArg, jobs)
        if (key)
          for (const { file } of infos)
            if (!(await isSignedWith(file, key))) await signModule(kernel, file, key)
        built.set(kernel.release, infos)
      },
    }),
  )
  // More builds than cores: linking and the like leave room for another kernel's compiler.
  await inScratch(() => runSteps(steps, output, 2 * availableParallelism()))
  const document: Documents['build'] = {
    kernels: kernels.map(({ release }) => ({ kernel: release, modules: built.get(release) ?? [] })),
  }
  output.result(document, () => [...built.values()].flat().map((info) => info.file))
}
