import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import picomatch from 'picomatch'

/** What is never a source: what kbuild, git and editors leave, packaging, and what is rendered. */
const never = [
  ...['.*/', '.git*', '.*.cmd', '.*.d', '.tmp_*', '.*.sw?', '*~', '.editorconfig', '.clang-format'],
  ...['*.ko', '*.ko.*', '*.mod', '*.mod.c', '*.cmd', '*.dwo', 'modules.order'],
  ...['Module.symvers', 'node_modules', '/debian', '/build', '.travis.yml', '.gitlab-ci.yml'],
  ...['/dkms.conf', '/dkms.conf.*', '/package.json', '/package-lock.json'],
]

/** What a .gitignore says of the names below its folder. */
function readIgnore(folder: string): Ignore {
  const file = join(folder, '.gitignore')
  return ignore().add(existsSync(file) ? readFileSync(file, 'utf8') : '')
}

/** An object that was compiled here: kbuild notes how, or its source is beside it. Others were shipped. */
function isCompiled(name: string, beside: Set<string>): boolean {
  const [, stem] = /^(.*)\.[oa]$/.exec(name) ?? []
  return stem !== undefined && [`.${name}.cmd`, `${stem}.c`, `${stem}.S`].some((n) => beside.has(n))
}

/** Whether a path stays within a folder, and is none that it is in itself, wherever links lead. */
function isWithin(folder: string, path: string): boolean {
  const [top, real, here] = [folder, path, dirname(path)].map((at) => realpathSync(at)) as [
    string,
    string,
    string,
  ]
  return real.startsWith(`${top}/`) && !`${here}/`.startsWith(`${real}/`)
}

/**
 * All files below a folder that git would have, and that are no leavings; `manifest` is none either,
 * nor what a link brings in from elsewhere.
 */
export function sourceFiles(folder: string, manifest = ''): string[] {
  const leavings = ignore().add(never)
  const walk = (at: string, above: { from: string; rules: Ignore }[]): string[] => {
    const rules = [...above, { from: at, rules: readIgnore(join(folder, at)) }]
    const names = readdirSync(join(folder, at)).sort()
    const beside = new Set(names)
    return names.flatMap((name) => {
      const path = at + name
      const found = statSync(join(folder, path), { throwIfNoEntry: false })
      const full = found?.isDirectory() ? `${path}/` : path
      if (!found || path === manifest || leavings.ignores(full)) return []
      if (isCompiled(name, beside) || !isWithin(folder, join(folder, path))) return []
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
