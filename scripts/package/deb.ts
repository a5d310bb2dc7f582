import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianChangelog } from './changelog.ts'
import { copyConfig, packagingFile, writeDebianTree } from './files.ts'
import { environment, type Kind, type PackageInput, rendered, values } from './kind.ts'
import { binaryValues, packageVersions } from './values.ts'

/** The folder in which dpkg-buildpackage works; what it makes comes to lie above it. */
const debianFolder = (input: PackageInput) => join(input.work, 'source')

const debName = (input: PackageInput): string =>
  input.binary
    ? binaryValues(input.project, input.binary.release).debName
    : input.project.package.name

export const deb: Kind = {
  tools: {
    'dpkg-buildpackage': { apt: 'dpkg-dev', dnf: 'dpkg-dev', zypper: 'dpkg-devel', pacman: 'dpkg' },
    dh: { apt: 'debhelper', dnf: 'debhelper', zypper: 'debhelper', pacman: 'debhelper' },
  },

  async stage(input) {
    const { project, releases, binary } = input
    const folder = debianFolder(input)
    mkdirSync(join(folder, 'debian/source'), { recursive: true })
    if (binary) {
      const more = { binary: { ...binaryValues(project, binary.release), name: debName(input) } }
      for (const file of ['control', 'rules', 'postinst', 'postrm'])
        writeFileSync(
          join(folder, 'debian', file),
          rendered(input, `debian/modules/${file}.tpl`, more),
          { mode: file === 'rules' ? 0o755 : 0o644 },
        )
      cpSync(packagingFile(project, 'debian/copyright'), join(folder, 'debian/copyright'))
      writeFileSync(join(folder, 'debian/source/format'), '3.0 (native)\n')
      for (const { name } of project.modules)
        cpSync(join(binary.folder, `${name}.ko`), join(folder, `${name}.ko`))
      copyConfig(project, folder)
    } else writeDebianTree(project, folder)
    const text = debianChangelog(releases, debName(input), project.package.maintainer)
    writeFileSync(join(folder, 'debian/changelog'), text)
  },

  commands: (input) => [
    {
      argv: [
        'dpkg-buildpackage',
        '-b',
        ...(input.sign ? [`--sign-key=${input.sign}`] : ['-us', '-uc']),
      ],
      cwd: debianFolder(input),
      env: environment(input),
    },
  ],

  results(input) {
    const { debVersion } = packageVersions(input.project.version)
    const architecture = input.binary ? values(input).binary?.debArchitecture : 'all'
    const native = binaryValues(input.project, '').debArchitecture
    const stem = `${debName(input)}_${debVersion}`
    return [
      `${stem}_${architecture}.deb`,
      ...['buildinfo', 'changes'].map((e) => `${stem}_${native}.${e}`),
    ]
  },
}
