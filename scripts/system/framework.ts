import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../run/exec.ts'

/** A setting of dkms's own with which this tool, and its packages, would not find what dkms did. */
export interface Setting {
  file: string
  line: number
  variable: string
  value: string
}

/** Where dkms has its folders if nobody says otherwise; it copies modules, and links none. */
const usual: Record<string, string> = {
  dkms_tree: '/var/lib/dkms',
  source_tree: '/usr/src',
  install_tree: '/lib/modules',
  symlink_modules: '',
}

/** What a line of a shell's sets, whatever is before it. */
const assignments = (line: string) =>
  line.replace(/(^|\s)#.*/, '').matchAll(/(?:^|[\s;&({])(\w+)=(["']?)([^"'\s;]*)\2/g)

/** dkms reads the one, then the folder's in order; the last word counts. */
function frameworkFiles(root: string): string[] {
  const folder = '/etc/dkms/framework.conf.d'
  const at = join(root, folder)
  const more = existsSync(at) ? readdirSync(at).filter((name) => name.endsWith('.conf')) : []
  return ['/etc/dkms/framework.conf', ...more.sort().map((name) => `${folder}/${name}`)].filter(
    (file) => existsSync(join(root, file)),
  )
}

/** The settings that are in the way. A path that leads to the same place moves nothing. */
export function unknownSettings(root = ''): Setting[] {
  const last = new Map<string, Setting>()
  for (const file of frameworkFiles(root))
    for (const [index, text] of readFileSync(join(root, file), 'utf8').split('\n').entries())
      for (const [, variable = '', , value = ''] of assignments(text))
        if (variable in usual) last.set(variable, { file, line: index + 1, variable, value })
  return [...last.values()].filter(({ variable, value }) => {
    const plain = value.replace(/\/+$/, '')
    return plain !== usual[variable] && plain !== `/usr${usual[variable]}`
  })
}

/** The same, as people are told, and what opens the line. */
export function showSetting({ file, line, variable, value }: Setting): {
  message: string
  mend: string
} {
  const what = usual[variable]
    ? `moves dkms's ${variable} to ${value}; only ${usual[variable]} is known here`
    : `has dkms link its modules (${variable}); only copies are known here`
  return {
    message: `${file}:${line} ${what}.`,
    mend: `"\${EDITOR:-vi}" +${line} ${quote(file)}`,
  }
}
