import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ask } from '../run/exec.ts'

/** A module's own words, from its .modinfo section. */
export interface ModuleInfo {
  file: string
  name: string
  version?: string
  /** First word of vermagic: the kernel release it was built for. */
  release: string
  aliases: string[]
  /** Who signed it; missing where nobody did. */
  signer?: string
}

function fields(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim())
}

/** What modinfo(8) prints of a module file. */
export function parseModinfo(file: string, text: string): ModuleInfo {
  const version = fields(text, 'version')[0]
  const signer = fields(text, 'signer')[0]
  return {
    file,
    name: basename(file).replace(/\.ko(\..*)?$/, ''),
    release: fields(text, 'vermagic')[0]?.split(' ')[0] ?? '',
    aliases: fields(text, 'alias'),
    ...(version && { version }),
    ...(signer && { signer }),
  }
}

/** Asks about a module file. Undefined where it is no module. */
export async function moduleInfo(file: string): Promise<ModuleInfo | undefined> {
  const text = await ask(['modinfo', file])
  return text === undefined ? undefined : parseModinfo(file, text)
}

/** What modinfo prints of an alias is the pattern itself, so patterns are compared, not matched. */
export function hasAlias(info: ModuleInfo, pattern: string): boolean {
  const prefix = pattern.replace(/\*$/, '')
  return info.aliases.some((alias) => alias.startsWith(prefix))
}

/**
 * All files of the given modules below a kernel's folder, compressed or not, in any place; the kernel's own
 * only if they are asked for.
 */
export function findModules(
  release: string,
  names: string[],
  root = '',
  withOwn = false,
): string[] {
  const folder = join('/lib/modules', release)
  const file = new RegExp(
    `^(${names.map((n) => n.replaceAll(/[-_]/g, '[-_]')).join('|')})\\.ko(\\.\\w+)?$`,
  )
  const walk = (at: string): string[] =>
    readdirSync(join(root, at), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory())
        return at === folder && entry.name === 'kernel' && !withOwn
          ? []
          : walk(join(at, entry.name))
      return file.test(entry.name) ? [join(at, entry.name)] : []
    })
  return existsSync(join(root, folder)) ? walk(folder).sort() : []
}

/** Whether a module is only a link, as RHEL's weak-modules makes them: another kernel's, taken for this one. */
export const isLinked = (file: string): boolean => lstatSync(file).isSymbolicLink()

export interface LoadedModule {
  name: string
  version?: string
}

/** Which of the modules are in the running kernel, and in which version. */
export function loadedModules(names: string[], root = ''): LoadedModule[] {
  return names
    .map((name) => name.replaceAll('-', '_'))
    .filter((name) => existsSync(join(root, '/sys/module', name, 'refcnt')))
    .map((name) => {
      const file = join(root, '/sys/module', name, 'version')
      return existsSync(file) ? { name, version: readFileSync(file, 'utf8').trim() } : { name }
    })
}
