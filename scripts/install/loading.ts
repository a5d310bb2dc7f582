import { refusalHint } from '../build/hints.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { type Command, type Result, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { type ModprobeLine, modprobeLines, showModprobeLine } from '../system/modprobe.ts'
import { adviseBoot } from './boot.ts'
import { type InstallInput, planLoad } from './plan.ts'

/** What keeps modules out, and the command that changes it. */
export interface LoadProblem {
  message: string
  mend?: string
}

/** Of what modprobe said and what was found beside it, the cause: the first that is one. */
export function loadProblem(
  stderr: string,
  lines: readonly ModprobeLine[],
  elsewhere: LoadProblem | undefined,
): LoadProblem {
  const instead = lines.find((line) => line.kind === 'install')
  if (instead) return showModprobeLine(instead)
  if (elsewhere) return elsewhere
  const said = stderr.trim()
  const refusal = refusalHint(said)
  if (!refusal) return { message: said || 'modprobe did not load it', mend: 'dmesg | tail' }
  const { hint, mend = 'dmesg | tail' } = refusal
  return { message: `${hint} (${said})`, mend }
}

/** Why modprobe failed on this system. */
export function explainLoad(project: Project, stderr: string): LoadProblem {
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
