import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binaryFiles, copyModules, tarCommand, writeDocuments, writeFiles } from './files.ts'
import {
  environment,
  type Kind,
  type PackageInput,
  rendered,
  run,
  sourceArchive,
  values,
} from './kind.ts'
import { binaryValues, fileMode, sourceDateEpoch } from './values.ts'

const rpmDefines = (input: PackageInput): string[] =>
  Object.entries({
    _topdir: input.work,
    _rpmdir: input.work,
    // Where a script of a build that fails stays.
    _tmppath: input.work,
    // Of each of the packages: one % would be the first's.
    _rpmfilename: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    // The same bytes wherever, whenever and by whomever it is built.
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    build_mtime_policy: 'clamp_to_source_date_epoch',
    // What every rpm can unpack.
    _binary_payload: 'w9.gzdio',
  }).flatMap(([name, value]) => ['--define', `${name} ${value}`])

const rpmFiles = (input: PackageInput): string[] => {
  const { name, rpmVersion, binary, architecture, tools } = values(input)
  const of = (what: string, machine: string) => `${what}-${rpmVersion}-1.${machine}.rpm`
  return [
    of(binary?.name ?? name, binary?.rpmArchitecture ?? architecture.rpm),
    ...(tools && !binary ? [of(`${name}-tools`, 'noarch')] : []),
  ]
}

const specFile = (input: PackageInput): string => {
  const { name, binary } = values(input)
  return `${binary?.name ?? name}.spec`
}

export const rpm: Kind = {
  tools: {
    rpmbuild: { apt: 'rpm', dnf: 'rpm-build', zypper: 'rpm-build', pacman: 'rpm-tools' },
  },

  async stage(input) {
    const { project, releases, binary, work } = input
    const sources = join(work, 'SOURCES')
    if (binary) {
      const { name, tarball } = binaryValues(project, binary.release)
      const folder = `${name}-${project.version}`
      mkdirSync(join(work, 'tree', folder), { recursive: true })
      mkdirSync(sources)
      const tree = join(work, 'tree', folder)
      copyModules(project, binary.folder, tree)
      writeFiles(binaryFiles(project, name), tree)
      writeDocuments(project, tree)
      await run(
        tarCommand(join(work, 'tree'), folder, join(sources, tarball), sourceDateEpoch(releases)),
      )
    } else await sourceArchive(input, sources)
    const template = binary ? 'rpm/modules.spec.tpl' : 'rpm/dkms.spec.tpl'
    const more = binary && {
      files: binaryFiles(project, values(input).binary?.name ?? '').map(fileMode),
    }
    writeFileSync(join(work, specFile(input)), rendered(input, template, more))
  },

  commands: (input) => [
    {
      argv: [
        ...['rpmbuild', '-bb'],
        // What the build needs was looked for (needs), and rpm may know nothing of it here.
        ...(values(input).programs.length > 0 && !input.binary ? ['--nodeps'] : []),
        ...rpmDefines(input),
        join(input.work, specFile(input)),
      ],
      env: environment(input),
    },
    ...(input.sign
      ? [
          {
            argv: [
              ...['rpmsign', '--define', `_gpg_name ${input.sign}`, '--addsign'],
              ...rpmFiles(input).map((file) => join(input.work, file)),
            ],
          },
        ]
      : []),
  ],

  /** The spec goes along with the source archive of the others: it is what OBS builds from. */
  results: (input) => [...rpmFiles(input), ...(input.binary ? [] : [specFile(input)])],
}
