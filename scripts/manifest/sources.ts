import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import picomatch from 'picomatch'

/** What is never a source: hidden files, what kbuild makes, packaging, and what is rendered. */
const never = [
  ...['.*', '*.o', '*.ko', '*.ko.*', '*.mod', '*.mod.c', '*.cmd', '*.dwo', '*.a'],
  ...['modules.order', 'Module.symvers', 'node_modules', '/debian', '/build'],
  ...['/dkms.conf', '/dkms.conf.*', '/package.json', '/package-lock.json'],
]

/** What a .gitignore says of the names below its folder. */
function readIgnore(folder: string): Ignore {
  const file = join(folder, '.gitignore')
  return ignore().add(existsSync(file) ? readFileSync(file, 'utf8') : '')
}

/** All files below a folder that git would have, and that are no leavings; `manifest` is none either. */
export function sourceFiles(folder: string, manifest = ''): string[] {
  const leavings = ignore().add(never)
  const walk = (at: string, above: { from: string; rules: Ignore }[]): string[] => {
    const rules = [...above, { from: at, rules: readIgnore(join(folder, at)) }]
    return readdirSync(join(folder, at))
      .sort()
      .flatMap((name) => {
        const path = at + name
        const found = statSync(join(folder, path), { throwIfNoEntry: false })
        const full = found?.isDirectory() ? `${path}/` : path
        if (!found || path === manifest || leavings.ignores(full)) return []
        if (rules.some(({ from, rules }) => rules.ignores(full.slice(from.length)))) return []
        if (found.isDirectory()) return walk(full, rules)
        return found.isFile() ? [path] : []
      })
  }
  return walk('', [])
}

/** The files that one entry of a manifest's `sources` stands for; a file that is named is one, ignored or not. */
export function matching(entry: string, folder: string, files: string[]): string[] {
  if (entry === '.') return files
  const found = statSync(join(folder, entry), { throwIfNoEntry: false })
  if (found?.isFile()) return [entry]
  if (found?.isDirectory()) return files.filter((file) => file.startsWith(`${entry}/`))
  const fits = picomatch(entry)
  return files.filter((file) => fits(file))
}
