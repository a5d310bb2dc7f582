import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'
import { Failure } from '../run/failure.ts'
import { render } from './render.ts'

export const ownManifest = join(home, 'kmod/manifest.json')

/** A dkms.conf.tpl beside the manifest or above it, else this project's: it holds for any module. */
export function templateFile(project: Project): string {
  const own = join(dirname(project.folder), 'dkms.conf.tpl')
  return existsSync(own) ? own : join(home, 'dkms.conf.tpl')
}

export function renderDkmsConf(project: Project): string {
  return render(readFileSync(templateFile(project), 'utf8'), project)
}

/** dkms runs it before an installation (dkms.conf.tpl). */
const guard = 'signature-policy'

/** The files of a package's source tree, as text by path: what dkms gets and what build compiles. */
export function sourceTree(project: Project): Map<string, Buffer> {
  const files = new Map(
    project.sources.map((source) => [source, readFileSync(join(project.folder, source))]),
  )
  if (project.signing !== 'auto') files.set(guard, readFileSync(join(home, 'scripts/guest', guard)))
  return files.set('dkms.conf', Buffer.from(renderDkmsConf(project)))
}

/** Writes the source tree into a new folder, readable for all. */
export function writeSourceTree(project: Project, folder: string): void {
  try {
    for (const [path, content] of sourceTree(project)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
      chmodSync(join(folder, path), path === guard ? 0o755 : 0o644)
    }
    chmodSync(folder, 0o755)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new Failure('space', `There is no space left in ${folder}.`, {
        mend: `df -h ${folder}`,
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
