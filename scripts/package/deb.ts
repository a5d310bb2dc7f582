import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianChangelog } from './changelog.ts'
import { binaryFiles, copyModules, writeFiles, writePackageTree } from './files.ts'
import { environment, type Kind, type PackageInput, rendered, values } from './kind.ts'
import { binaryValues, fileMode, plainName } from './values.ts'
import { packageVersions } from './versions.ts'

/** The folder in which dpkg-buildpackage works; what it makes comes to lie above it. */
const debianFolder = (input: PackageInput) => join(input.work, 'source')

const debName = (input: PackageInput): string =>
  input.binary
    ? binaryValues(input.project, input.binary.release).debName
    : plainName(input.project.package.name)

/** The files of debian/ that are rendered from templates, for either kind of package. */
const templates = {
  modules: ['control', 'rules', 'postinst', 'postrm'],
  dkms: ['control', 'rules', 'postinst', 'prerm'],
}

/** Writes debian/: all of it follows from the manifest. */
function writeDebian(input: PackageInput, folder: string): void {
  const { project, releases, binary } = input
  const files = binary ? binaryFiles(project, debName(input)).map(fileMode) : values(input).files
  const more = {
    files,
    ...(binary && { binary: { ...binaryValues(project, binary.release), name: debName(input) } }),
  }
  const kind = binary ? 'modules' : 'dkms'
  mkdirSync(join(folder, 'debian/source'), { recursive: true })
  const write = (name: string, text: string, mode = 0o644) =>
    writeFileSync(join(folder, 'debian', name), text, { mode })
  for (const name of templates[kind])
    write(
      name,
      rendered(input, `debian/${kind}/${name}.tpl`, more),
      name === 'rules' ? 0o755 : 0o644,
    )
  const { manuals, copyright, documents } = values(input)
  write('copyright', copyright)
  write('source/format', '3.0 (native)\n')
  write('changelog', debianChangelog(releases, debName(input), project.package.maintainer))
  if (binary) return
  const lines = (names: string[]) => names.map((name) => `${name}\n`).join('')
  if (manuals.length > 0) write('manpages', lines(manuals.map((manual) => `man/${manual}`)))
  const examples = documents.filter((name) => name !== 'CHANGELOG.md')
  if (examples.length > 0) write('examples', lines(examples.map((name) => `doc/${name}`)))
}

export const deb: Kind = {
  tools: {
    'dpkg-buildpackage': { apt: 'dpkg-dev', dnf: 'dpkg-dev', zypper: 'dpkg-devel', pacman: 'dpkg' },
    make: { apt: 'make', dnf: 'make', zypper: 'make', pacman: 'make' },
    dh: { apt: 'debhelper', dnf: 'debhelper', zypper: 'debhelper', pacman: 'debhelper' },
  },

  async stage(input) {
    const folder = debianFolder(input)
    mkdirSync(folder)
    if (input.binary) {
      copyModules(input.project, input.binary.folder, folder)
      writeFiles(binaryFiles(input.project, debName(input)), folder)
    } else writePackageTree(input.project, folder, 'vendor-completions')
    writeDebian(input, folder)
  },

  commands: (input) => [
    {
      argv: [
        'dpkg-buildpackage',
        '-b',
        // What it needs was looked for (tools); its own look wants a compiler, and a dpkg that installs.
        '-d',
        ...(input.sign ? [`--sign-key=${input.sign}`] : ['-us', '-uc']),
      ],
      cwd: debianFolder(input),
      env: environment(input),
    },
  ],

  results(input) {
    const { debVersion } = packageVersions(input.project.version)
    const { binary, architecture: own } = values(input)
    const architecture = binary?.debArchitecture ?? own.deb
    const native = binaryValues(input.project, '').debArchitecture
    const stem = `${debName(input)}_${debVersion}`
    return [
      `${stem}_${architecture}.deb`,
      ...(values(input).tools && !input.binary
        ? [`${debName(input)}-tools_${debVersion}_all.deb`]
        : []),
      ...['buildinfo', 'changes'].map((e) => `${stem}_${native}.${e}`),
    ]
  },
}
