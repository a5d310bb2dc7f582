import { refusalHint } from '../build/hints.ts'
import { type ModprobeLine, showModprobeLine } from '../system/modprobe.ts'

/** What keeps modules out, and the command that changes it. */
export interface LoadProblem {
  message: string
  mend?: string | undefined
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
  const { hint, mend } = refusal
  return { message: `${hint} (${said})`, mend }
}
