import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** chrony as it is installed here. */
export interface Chrony {
  /** Its configuration file. */
  main: string
  /** A folder whose files it reads, too; undefined where its configuration names none. */
  folder: string | undefined
  /** A line of the main file that comes after that folder, and so overrides what is in it. */
  overrides: (directive: string) => string | undefined
}

/** Debian and kin, Alpine, Arch; Fedora, RHEL, openSUSE. */
const mainFiles = ['/etc/chrony/chrony.conf', '/etc/chrony.conf']

/** chrony.conf(5): words of a line, the directive in any case; none for a comment. */
function words(line: string): string[] {
  return /^\s*[#!;%]/.test(line) ? [] : line.trim().split(/\s+/)
}

/** A folder that a line makes chrony read the *.conf of: confdir FOLDER..., include FOLDER/*.conf. */
function dropInFolder(line: string): string | undefined {
  const [directive, path] = words(line)
  if (!path) return undefined
  if (directive?.toLowerCase() === 'confdir') return path
  return directive?.toLowerCase() === 'include' ? /^(.+)\/\*\.conf$/.exec(path)?.[1] : undefined
}

/** What chrony there is, and where it takes more configuration from; undefined where there is none. */
export function readChrony(root = ''): Chrony | undefined {
  const main = mainFiles.find((file) => existsSync(join(root, file)))
  if (!main) return undefined
  const lines = readFileSync(join(root, main), 'utf8').split('\n')
  const at = lines.findIndex((line) => dropInFolder(line) !== undefined)
  return {
    main,
    folder: at < 0 ? undefined : dropInFolder(lines[at] as string),
    overrides: (directive) =>
      lines.slice(at + 1).find((line) => words(line)[0]?.toLowerCase() === directive),
  }
}
