import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asUser, isRoot } from '../run/exec.ts'
import {
  environment,
  type Kind,
  type PackageInput,
  rendered,
  run,
  sourceArchive,
  values,
} from './kind.ts'
import { digest } from './values.ts'

/** makepkg refuses to be root, and needs nothing of root's. */
const nobody = '65534'

/** What makepkg makes. */
function packages(input: PackageInput): string[] {
  const { debName, archVersion, architecture, tools } = values(input)
  const of = (name: string, machine: string) => `${name}-${archVersion}-1-${machine}.pkg.tar.gz`
  return [of(debName, architecture.pacman), ...(tools ? [of(`${debName}-tools`, 'any')] : [])]
}

export const arch: Kind = {
  // .BUILDINFO names it.
  place: ({ package: { name }, version }) => `/var/tmp/${name}-${version}-makepkg`,

  tools: {
    pacman: { apt: 'pacman-package-manager', dnf: 'pacman', zypper: 'pacman' },
    makepkg: { apt: 'makepkg', pacman: 'pacman', dnf: 'pacman', zypper: 'pacman' },
    bsdtar: { apt: 'libarchive-tools', pacman: 'libarchive', dnf: 'bsdtar', zypper: 'bsdtar' },
  },

  async stage(input) {
    const archive = await sourceArchive(input, input.work)
    const sha256 = digest('sha256', archive)
    writeFileSync(join(input.work, 'PKGBUILD'), rendered(input, 'arch/PKGBUILD.tpl', { sha256 }))
    if (isRoot()) await run({ argv: ['chown', '-R', `${nobody}:${nobody}`, input.work] })
  },

  commands: (input) => [
    {
      argv: [
        ...(isRoot() ? asUser({ uid: nobody, gid: nobody }) : []),
        ...['makepkg', '--force', '--nodeps', '--noconfirm'],
      ],
      cwd: input.work,
      env: {
        ...environment(input),
        ...Object.fromEntries(
          ['PKGDEST', 'SRCDEST', 'SRCPKGDEST', 'LOGDEST', 'BUILDDIR', 'HOME'].map((name) => [
            name,
            input.work,
          ]),
        ),
        PACKAGER: values(input).maintainer,
        PKGEXT: '.pkg.tar.gz',
        ...(values(input).programs.length > 0 && { CARCH: values(input).architecture.pacman }),
      },
    },
    ...(input.sign ? packages(input) : []).map((file) => ({
      argv: ['gpg', '--batch', '--yes', '--detach-sign', '-u', input.sign ?? '', file],
      cwd: input.work,
    })),
  ],

  results(input) {
    const signatures = input.sign ? packages(input).map((file) => `${file}.sig`) : []
    return [...packages(input), ...signatures, 'PKGBUILD', values(input).tarball]
  },
}
