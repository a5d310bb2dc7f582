import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { commandFiles, isBundle } from '../build/command-files.ts'
import { ownManifest } from '../build/source-tree.ts'
import { completion } from '../cli/completion.ts'
import { program } from '../cli/program.ts'
import { home } from '../home.ts'
import type { Project } from '../manifest/manifest.ts'

/** What the command is called by; the second name is for other people's modules. */
const names = ['vmmci-dkms', 'kmod-pack'] as const

interface About {
  license: string
  /** The oldest Node that runs it. */
  node: string
  /** Of our own part of it; THIRD-PARTY-NOTICES has those of the libraries. */
  licenseText: string
}

/** Of the package of the command, which comes beside that of its own modules; undefined for others'. */
export function aboutTools(project: Project): About | undefined {
  if (project.file !== ownManifest || !isBundle) return undefined
  const { license, engines } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  return {
    license,
    node: engines.node.replace('>=', ''),
    licenseText: readFileSync(join(home, 'LICENSES/ISC.txt'), 'utf8'),
  }
}

/** Where each shell looks for what completes a command; Debian has a folder of its own for zsh. */
const completions = (name: string, zsh: string) =>
  ({
    bash: `usr/share/bash-completion/completions/${name}`,
    zsh: `usr/share/zsh/${zsh}/_${name}`,
    fish: `usr/share/fish/vendor_completions.d/${name}.fish`,
  }) as const

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Writes the tree of that package: the command, its names, manual pages and completions. */
export function writeTools(project: Project, folder: string, zsh = 'site-functions'): void {
  if (!aboutTools(project)) return
  const place = `usr/share/${project.package.name}-tools`
  for (const { path, from, executable } of commandFiles()) {
    const to = join(folder, place, path)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
    chmodSync(to, executable ? 0o755 : 0o644)
  }
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  for (const name of names) {
    symlinkSync(`../${place.slice(4)}/dist/entry.cjs`, join(folder, 'usr/bin', name))
    for (const [shell, file] of Object.entries(completions(name, zsh)))
      write(join(folder, file), completion(shell as 'bash', program().name(name)))
  }
  // One page for both names.
  write(join(folder, 'usr/share/man/man8/kmod-pack.8'), '.so man8/vmmci-dkms.8\n')
  const manuals = join(home, 'docs/man/tools')
  for (const name of readdirSync(manuals))
    write(
      join(folder, `usr/share/man/man${name.at(-1)}`, name),
      readFileSync(join(manuals, name), 'utf8'),
    )
}
