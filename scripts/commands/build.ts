import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { buildCommands, buildFolder, buildFor } from '../build/build.ts'
import {
  checkRange,
  defaultSelection,
  headersFailure,
  meantKernel,
  requestedKernels,
} from '../build/select.ts'
import { requireBuildable } from '../install/requirements.ts'
import { show } from '../run/exec.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { keyByPolicy } from '../signing/policy.ts'
import { signModule } from '../signing/sign.ts'
import { readFacts } from '../system/facts.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { type CommonOptions, open } from './options.ts'

export async function build(
  options: CommonOptions & { out?: string; makeArg?: string[] },
): Promise<void> {
  const { project, output } = open(options)
  const facts = readFacts(project)
  const out = resolve(options.out ?? 'build')

  let kernels = requestedKernels(project, facts, options)
  if (kernels.length === 0) {
    checkRange(project, facts.running)
    const selection = defaultSelection(project, facts)
    if (!selection) throw await headersFailure(facts, meantKernel(facts))
    if (selection.note) output.tell(selection.note)
    kernels = selection.kernels
  }
  await requireBuildable(facts, kernels)

  // One more than there are cores: while one waits for the disk another compiles.
  const jobs = Math.ceil((availableParallelism() + 1) / kernels.length)
  if (options.dryRun) {
    const all = await Promise.all(
      kernels.map((k) =>
        buildCommands(project, k, `${buildFolder(out, k)}/.work`, jobs, options.makeArg),
      ),
    )
    const commands = all.flat()
    output.result(commands, () => commands.map(show))
    return
  }

  const key = keyByPolicy(project)
  handleInterrupts()
  const built = new Map<string, ModuleInfo[]>()
  const steps = kernels.map(
    (kernel): Step => ({
      title: `Build for ${kernel.release}`,
      kind: 'build',
      action: async () => {
        const infos = await buildFor(project, kernel, out, options.makeArg, jobs)
        if (key) for (const { file } of infos) await signModule(kernel, file, key)
        built.set(kernel.release, infos)
      },
    }),
  )
  // More builds than cores: linking and the like leave room for another kernel's compiler.
  await inScratch(() => runSteps(steps, output, 2 * availableParallelism()))
  output.result(
    kernels.map((kernel) => ({ kernel: kernel.release, modules: built.get(kernel.release) })),
    () => [...built.values()].flat().map((info) => info.file),
  )
}
