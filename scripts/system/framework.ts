import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../run/exec.ts'

/** A setting of dkms's own that moves what this tool, and its packages, look for. */
export interface MovedFolder {
  file: string
  line: number
  variable: string
  value: string
}

/** Where dkms has its folders if nobody says otherwise. */
const usual: Record<string, string> = {
  dkms_tree: '/var/lib/dkms',
  source_tree: '/usr/src',
  install_tree: '/lib/modules',
}

/** dkms reads the one, then the folder's in order; the last word counts. */
function frameworkFiles(root: string): string[] {
  const folder = '/etc/dkms/framework.conf.d'
  const at = join(root, folder)
  const more = existsSync(at) ? readdirSync(at).filter((name) => name.endsWith('.conf')) : []
  return ['/etc/dkms/framework.conf', ...more.sort().map((name) => `${folder}/${name}`)].filter(
    (file) => existsSync(join(root, file)),
  )
}

/** The settings that move dkms's folders. A path that leads to the same place moves nothing. */
export function movedFolders(root = ''): MovedFolder[] {
  const last = new Map<string, MovedFolder>()
  for (const file of frameworkFiles(root))
    for (const [index, text] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
      const match = /^\s*(?:export\s+)?(\w+)=(["']?)([^"'\s#;]*)\2/.exec(text)
      const [, variable = '', , value = ''] = match ?? []
      if (usual[variable]) last.set(variable, { file, line: index + 1, variable, value })
    }
  return [...last.values()].filter(({ variable, value }) => {
    const plain = value.replace(/\/+$/, '')
    return plain !== usual[variable] && plain !== `/usr${usual[variable]}`
  })
}

/** The same, as people are told, and what opens the line. */
export function showMovedFolder({ file, line, variable, value }: MovedFolder): {
  message: string
  mend: string
} {
  return {
    message: `${file}:${line} moves dkms's ${variable} to ${value}; only ${usual[variable]} is known here.`,
    mend: `"\${EDITOR:-vi}" +${line} ${quote(file)}`,
  }
}
