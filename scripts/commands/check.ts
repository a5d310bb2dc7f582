import { defaultSelection, headersFor, requestedKernels } from '../build/select.ts'
import { findingLines } from '../check/finding.ts'
import { checkKernel } from '../check/kernel.ts'
import { checkSystem } from '../check/system.ts'
import type { Documents } from '../cli/documents.ts'
import { exitStatus } from '../run/failure.ts'
import { readFacts } from '../system/facts.ts'
import { type CommonOptions, open } from './options.ts'

/** What stands in the way of a build, per kernel, with one command for each miss. */
export async function check(options: CommonOptions): Promise<void> {
  const { project, output } = open(options)
  const facts = readFacts(project)
  const named = requestedKernels(project, facts, options)
  const selection = named.length > 0 ? { kernels: named } : defaultSelection(project, facts)
  const kernels = selection?.kernels ?? [facts.running]

  const system = await checkSystem(project, facts)
  const perKernel = await Promise.all(
    kernels.map(async (kernel) => ({
      kernel: kernel.release,
      running: kernel.running,
      flavour: headersFor(facts, kernel.release)?.flavour ?? null,
      findings: await checkKernel(project, facts, kernel),
    })),
  )
  const failed = [...system, ...perKernel.flatMap((k) => k.findings)].find(
    (finding) => finding.level === 'fail',
  )
  const document: Documents['check'] = {
    verdict: failed ? 'fail' : 'ok',
    system,
    kernels: perKernel,
  }
  output.result(document, () => [
    `${facts.os.prettyName}, ${project.package.name} ${project.version}`,
    ...findingLines(system),
    ...perKernel.flatMap(({ kernel, running, findings }) => [
      `kernel ${kernel}${running ? ' (running)' : ''}`,
      ...findingLines(findings),
    ]),
  ])
  if (failed?.kind) process.exitCode = exitStatus[failed.kind]
}
