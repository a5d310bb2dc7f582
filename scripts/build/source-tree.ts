import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { ownPrograms, sandbox } from './make.ts'
import { programBuild, programScript } from './program-script.ts'
import { render } from './render.ts'

export const ownManifest = join(home, 'kmod/manifest.json')

export const templateFile = join(home, 'dkms.conf.tpl')

export function renderDkmsConf(project: Project): string {
  return render(readFileSync(templateFile, 'utf8'), project)
}

/** dkms runs it before an installation (dkms.conf.tpl). */
const guard = 'signature-policy'

/** Scripts of ours that a dkms.conf calls. */
const guestScripts = ({ signing, configure }: Project): string[] => [
  ...(signing === 'auto' ? [] : [guard]),
  ...(configure ? [sandbox] : []),
]

/** Where dkms looks for patches. */
const patchPath = (file: string) => `patches/${basename(file)}`

/** The files of a package's source tree, by path: what dkms gets and what build compiles. */
export function sourceTree(project: Project): Map<string, Buffer> {
  const files = new Map(
    project.sources.map((source) => [source, readFileSync(join(project.folder, source))]),
  )
  for (const { file } of project.patches ?? [])
    files.set(patchPath(file), readFileSync(join(project.folder, file)))
  for (const name of guestScripts(project))
    files.set(name, readFileSync(join(home, 'scripts/guest', name)))
  const build = programBuild(project)
  if (build) files.set(programScript, Buffer.from(build))
  return files.set('dkms.conf', Buffer.from(renderDkmsConf(project)))
}

/** Whether a file of the tree is a program: what a build runs is, and what was one in the sources. */
export function isProgram(project: Project, path: string): boolean {
  const ours = [...guestScripts(project), ...(project.programs ? [programScript] : [])]
  if ([...ours, ...ownPrograms(project)].includes(path)) return true
  const found = statSync(join(project.folder, path), { throwIfNoEntry: false })
  return project.sources.includes(path) && found !== undefined && (found.mode & 0o100) !== 0
}

/** Writes the source tree into a new folder, readable for all. */
export function writeSourceTree(project: Project, folder: string): void {
  try {
    for (const [path, content] of sourceTree(project)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o755 })
      writeFileSync(join(folder, path), content)
      chmodSync(join(folder, path), isProgram(project, path) ? 0o755 : 0o644)
    }
    chmodSync(folder, 0o755)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new Failure('space', `There is no space left in ${folder}.`, {
        mend: `df -h ${quote(folder)}`,
      })
    throw error
  }
}

/** Whether a folder holds exactly these sources; kbuild's leavings beside them do not count. */
export function holdsSourceTree(project: Project, folder: string): boolean {
  return [...sourceTree(project)].every(([path, content]) => {
    const file = join(folder, path)
    return existsSync(file) && readFileSync(file).equals(content)
  })
}
