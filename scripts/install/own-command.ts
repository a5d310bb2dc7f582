import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { commandFiles, isBundle } from '../build/command-files.ts'
import { ownManifest } from '../build/source-tree.ts'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'
import { userPath } from '../run/exec.ts'
import { isOwnScript, ownScript } from '../run/own-script.ts'
import { below, isInPlace, type NewFile } from './files.ts'

/** Where what an administrator installs lies; no package of a distribution has files there. */
const prefix = '/usr/local'

export interface OwnCommand {
  folder: string
  files: NewFile[]
}

/** The command's folder, and what the PATH leads to. */
const places = ({ package: { name } }: Project) => ({
  folder: `${prefix}/lib/${name}`,
  script: `${prefix}/bin/${name}`,
})

function isWritable(): boolean {
  try {
    accessSync(prefix, constants.W_OK)
    return true
  } catch (error) {
    // Whoever is not root yet will be.
    return (error as NodeJS.ErrnoException).code === 'EACCES'
  }
}

/** Whether what is there, if anything is, was put there by an installation. */
const isOurs = (project: Project): boolean => {
  const { folder, script } = places(project)
  return (
    (!existsSync(script) || isOwnScript(script)) &&
    (!existsSync(folder) || existsSync(join(folder, 'dkms.conf.tpl')))
  )
}

/** Another command of this name on the PATH: a package's, or somebody's. */
const elsewhere = ({ package: { name } }: Project): string | undefined =>
  userPath()
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file) && !isOwnScript(file))

/**
 * The command itself, for the PATH, where it is not there as it should be: npx and a checkout are
 * gone one day, and what was installed wants looking after. Only with its own modules.
 */
export function missingCommand(project: Project): OwnCommand | undefined {
  const { folder, script } = places(project)
  if (project.file !== ownManifest || !isBundle || home === folder) return undefined
  if (!isOurs(project) || elsewhere(project) || !isWritable()) return undefined
  const files = [
    ...below(folder, commandFiles()),
    { path: script, text: ownScript(`${folder}/dist/entry.cjs`), executable: true },
  ]
  return files.every(isInPlace) ? undefined : { folder, files }
}

/** What an installation once put there, and a command that it hides, by a package that came later. */
export function hiddenCommand(project: Project): { paths: string[]; hidden: string } | undefined {
  const { folder, script } = places(project)
  const hidden = elsewhere(project)
  const own = project.file === ownManifest && isOwnScript(script) && isOurs(project)
  return own && hidden ? { paths: [script, folder], hidden } : undefined
}

/** What an installation puts there, as long as nothing there is another's. */
export function commandPaths(project: Project): string[] {
  const { folder, script } = places(project)
  return project.file === ownManifest && isOurs(project) ? [script, folder] : []
}
