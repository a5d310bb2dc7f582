import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { NewFile } from '../install/files.ts'
import type { Project } from '../manifest/manifest.ts'
import { asUser, type Command, quote, type Result } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Caller } from '../run/raise.ts'
import { newFolder } from '../run/scratch.ts'
import type { Step } from '../run/steps.ts'
import { writtenTree } from './commands.ts'
import { errorLines, outOfSpace } from './hints.ts'
import { programScript, programsFailed } from './program-script.ts'

/** Programs that are to be built and put in place. */
export interface Programs {
  /** Where they are built: the step makes it, and whoever runs it takes it away. */
  folder: string
  build: Step
  files: NewFile[]
}

/** Where the programs of the sources go. */
export const programPaths = ({ programs }: Project): string[] => Object.keys(programs?.files ?? {})

/** Whether a program is there, and for all to run. What it holds, only a build could tell. */
function isThere(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && (found.mode & 0o555) === 0o555
}

/** A command that works in a folder of root's, as the user who called sudo, if one did. */
function byCaller(command: Command, folder: string, by: Caller | undefined): Command[] {
  if (!by) return [command]
  return [
    { argv: ['chown', '-R', `${by.uid}:${by.gid}`, folder] },
    // Root's own folder for temporary files is shut to others, as its home is.
    {
      ...command,
      argv: [...asUser(by), ...command.argv],
      env: { HOME: folder, TMPDIR: folder },
    },
    // From here on nobody changes what is put in place.
    { argv: ['chown', '-R', '0:0', folder] },
  ]
}

/** The step that builds a project's programs in a new folder: in a copy of the sources. */
const buildStep = (project: Project, folder: string, by: Caller | undefined): Step => ({
  title: 'Build the programs',
  kind: 'build',
  commands: [
    ...writtenTree(project, folder),
    ...byCaller({ argv: ['sh', join(folder, programScript)] }, folder, by),
  ],
  explain: explainPrograms(project, 'install'),
})

/**
 * The programs of a project, where they are not there, or where the sources are not there as they
 * should be: those tell what the programs were built of. `by` is who builds them, if not this user.
 */
export function missingPrograms(
  project: Project,
  newSources: boolean,
  by: Caller | undefined,
): Programs | undefined {
  const { programs } = project
  if (!programs || (!newSources && programPaths(project).every(isThere))) return undefined
  const folder = newFolder()
  return {
    folder,
    build: buildStep(project, folder, by),
    files: Object.entries(programs.files).map(([path, from]) => ({
      path,
      from: join(folder, from),
      executable: true,
    })),
  }
}

/**
 * What a failed build of programs is called, wherever their script ran; undefined where something
 * else failed. `words` are those of our command that builds them once more.
 */
export const explainPrograms =
  ({ file }: Project, words: string) =>
  (_: Command, { stdout, stderr }: Result): Failure | undefined => {
    const lines = stdout.split('\n')
    const end = lines.indexOf(programsFailed)
    if (end < 0 || outOfSpace(`${stdout}${stderr}`)) return undefined
    const missing = lines.find((line) =>
      /^The build made no .*, which the manifest names\.$/.test(line),
    )
    if (missing)
      return new Failure('build', missing, {
        details: lines.slice(0, lines.indexOf(missing)).filter(Boolean).slice(-12),
        mend: `"\${EDITOR:-vi}" ${quote(file)}`,
      })
    return new Failure('build', programsFailed, {
      details: errorLines(lines.slice(0, end).join('\n')),
      mend: `vmmci-dkms ${words} --verbose`,
    })
  }
