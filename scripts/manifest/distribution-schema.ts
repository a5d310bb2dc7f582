import { Type } from 'typebox'
import { oneOf, packageName, packageNames, strict, text } from './words.ts'

const template = Type.String({
  pattern: '^(?!-)([a-z0-9.+-]|\\{(release|base|flavour|version_id|major|minor)\\})+$',
  description:
    "{release}: kernel release; {base}: without what the pattern matched; {flavour}: the pattern's first group; {version_id}: of os-release; {major}, {minor}: the kernel's.",
})

export const flavour = strict({
  name: text('What people call it.'),
  pattern: text('Regular expression on the kernel release; its first group is {flavour}.'),
  headers: template,
  metapackage: template,
  newerThan: Type.Optional(
    Type.Record(Type.String(), Type.String({ pattern: '^\\d+\\.\\d+$' }), {
      description: 'By VERSION_ID: only for kernels of a later series than this.',
    }),
  ),
})

export const distribution = strict({
  ids: Type.Array(Type.String(), { minItems: 1, description: 'ID or ID_LIKE of os-release.' }),
  name: text('What people call it.'),
  manager: oneOf(['apt', 'dnf', 'zypper', 'pacman', 'apk', 'xbps'], 'Package manager.'),
  dkms: packageNames('Empty where there is none.'),
  dkmsNote: Type.Optional(text('Said where dkms is missing.')),
  toolchain: packageNames('Compiler, make, kmod.'),
  defaultHeaders: Type.Record(Type.String(), packageName, {
    description:
      'By architecture: the headers of the kernel that the distribution installs by default.',
  }),
  codenames: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description:
        'By UBUNTU_CODENAME: the VERSION_ID that counts, where a derivative has one of its own.',
    }),
  ),
  flavours: Type.Array(flavour, {
    description: 'Kernel flavours; the first whose pattern fits the release is taken.',
  }),
})
