import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { type Command, type Result, show, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { readFacts } from '../system/facts.ts'
import { modprobeLines } from '../system/modprobe.ts'
import { type LoadProblem, loadProblem } from './load-problem.ts'
import { type InstallInput, planLoad } from './plan.ts'
import { adviseBoot } from './read-boot.ts'

/** Why modprobe failed on this system. */
export function explainLoad(project: Project, stderr: string): LoadProblem {
  if (!which('modprobe'))
    return { message: 'there is no modprobe', mend: readFacts(project).installCommand(['kmod']) }
  return loadProblem(stderr, modprobeLines(fileNames(project)), adviseBoot(project))
}

/** What keeps them out: modprobe, which was just asked, does not say it. */
function notLoaded(project: Project, command: Command, { stderr }: Result): Failure {
  const { message, mend } = explainLoad(project, stderr)
  return new Failure('load', 'The modules are installed, but could not be loaded.', {
    details: [show(command), message],
    mend,
  })
}

/** Loading is not part of what is undone: modules that a missing key keeps out are installed well. */
export async function load(project: Project, input: InstallInput, output: Output): Promise<void> {
  const steps = planLoad(input).map(
    (step): Step => ({
      ...step,
      explain: (command, result) => notLoaded(project, command, result),
    }),
  )
  await runSteps(steps, output)
}
