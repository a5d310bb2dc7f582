import { Type } from 'typebox'
import { distribution } from './distribution-schema.ts'
import { clock, smoke, status } from './look-schema.ts'
import {
  byManager,
  environment,
  file,
  glob,
  oneOf,
  packageNames,
  plainEnvironment,
  plainWord,
  strict,
  text,
  versionPattern,
  word,
} from './words.ts'

const about = strict(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9.+_-]*$',
      description: "dkms PACKAGE_NAME, and the packages' name.",
    }),
    version: Type.Optional(
      Type.String({
        pattern: `^${versionPattern}$`,
        description: 'As it is. Not said: what package.json, dkms.conf or the sources say.',
      }),
    ),
    summary: Type.String({ minLength: 1, maxLength: 72, description: 'One line.' }),
    description: Type.Optional(text('A paragraph, for the packages.')),
    license: Type.Optional(text("SPDX expression. Not said: what the sources' SPDX lines say.")),
    homepage: Type.Optional(text('Web address. Not said: what package.json says.')),
    maintainer: Type.Optional(text('Name <address>. Not said: the author in package.json.')),
    copyright: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: "Lines such as 2026 Somebody. Not said: the sources' own.",
      }),
    ),
    released: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d\\d-\\d\\d$',
        description: 'The day of this version, where there is no changelog.',
      }),
    ),
    changes: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'And what is new in it.' }),
    ),
    relations: Type.Optional(
      strict(
        {
          depends: Type.Optional(byManager('What must be there.')),
          recommends: Type.Optional(byManager('What most will want.')),
          suggests: Type.Optional(byManager('What goes with it.')),
          conflicts: Type.Optional(byManager('What cannot be beside it.')),
          replaces: Type.Optional(byManager('What it takes the place of.')),
          provides: Type.Optional(byManager('What it is as well.')),
        },
        'Relations to other packages, by package manager.',
      ),
    ),
  },
  'What the package is called and says of itself.',
)

const parameters = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9_]+$' }),
  Type.String({ pattern: '^[^"\\\\\\x00-\\x1f]*$' }),
  { additionalProperties: false, description: 'Module parameters to set, in modprobe.d.' },
)

const moduleNames = (description: string) =>
  Type.Array(Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]*$' }), { description })

const optionName = Type.String({
  pattern: '^!?CONFIG_[A-Za-z0-9_]+$',
  description: 'With CONFIG_; =y and =m both count. With ! before it: neither may be.',
})

export const architectures = [
  ...(['x86_64', 'i686', 'aarch64', 'armv7l', 'ppc64le', 'riscv64', 's390x'] as const),
]

const architectureNames = Type.Optional(
  Type.Array(oneOf(architectures, 'As uname -m says it.'), {
    minItems: 1,
    uniqueItems: true,
    description: 'Not said: every one.',
  }),
)

/** Some of the kernels that a package is for. */
const someKernels = (description: string) =>
  strict(
    {
      range: Type.Optional(text('semver range of kernel series.')),
      options: Type.Optional(
        Type.Array(optionName, { minItems: 1, description: 'All of them, as .config has them.' }),
      ),
      architectures: architectureNames,
    },
    description,
  )

export const module = strict({
  name: Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]*$', description: 'Without .ko.' }),
  as: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]*$',
      description: 'What it is installed as, if not under its own name.',
    }),
  ),
  folder: Type.Optional(file('Where make leaves it, if not in the top folder.')),
  location: Type.Optional(
    Type.String({
      pattern: '^(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)+$',
      description: 'Below /lib/modules/RELEASE, if not where the others go.',
    }),
  ),
  version: Type.Optional(
    text("MODULE_VERSION as a regular expression; {version} is the package's own."),
  ),
  aliases: Type.Optional(
    Type.Array(Type.String(), {
      description: 'modalias patterns the built module must carry; the first one finds the device.',
    }),
  ),
  driver: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_-]+/[A-Za-z0-9_.-]+$',
      description: 'BUS/DRIVER below /sys/bus/BUS/drivers.',
    }),
  ),
  kernel: Type.Optional(
    someKernels('Where it is built, if not for each kernel that the package is for.'),
  ),
  parameters: Type.Optional(parameters),
  softdeps: Type.Optional(
    strict(
      {
        pre: Type.Optional(moduleNames('Loaded before it.')),
        post: Type.Optional(moduleNames('Loaded after it.')),
      },
      'Modules that modprobe loads with it.',
    ),
  ),
})

const script = file(
  'A script of the sources that is run in the top folder, with the words, instead of make.',
)

const whereItRuns = file('Where it runs, if not in the top folder.')

const targets = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_./-]+( [A-Za-z0-9_./-]+)*$', description })

export const make = strict({
  kernel: Type.Optional(
    someKernels('Where it is called, if not for each kernel that the package is for.'),
  ),
  environment: Type.Optional(environment),
  program: Type.Optional(script),
  folder: Type.Optional(whereItRuns),
  own: Type.Optional(
    Type.Boolean({ description: "By the folder's own Makefile, not by the kernel's kbuild." }),
  ),
  words: Type.Optional(
    Type.Array(word, {
      description:
        'Further words; {release}, {headers}, {source}, {version} and {architecture} are filled in.',
    }),
  ),
  also: Type.Optional(
    Type.Array(
      strict({
        kernel: someKernels('For which.'),
        words: Type.Array(word, { minItems: 1, description: 'As the others, which they follow.' }),
      }),
      { description: 'Words for some of the kernels only.' },
    ),
  ),
  target: Type.Optional(
    targets('What is made; modules, or with an own Makefile what that makes by itself.'),
  ),
})

/** As make, without a kernel. */
const plainMake = strict({
  environment: Type.Optional(plainEnvironment),
  program: Type.Optional(script),
  folder: Type.Optional(whereItRuns),
  words: Type.Optional(
    Type.Array(plainWord, {
      description: 'Further words; {source}, {version} and {architecture} are filled in.',
    }),
  ),
  target: Type.Optional(targets('What is made. Not said: what the Makefile makes by itself.')),
})

const programs = strict(
  {
    make: Type.Array(plainMake, {
      minItems: 1,
      description: "How they are built, in order: by the folder's own Makefile.",
    }),
    files: Type.Record(
      Type.String({
        pattern: '^/usr/(bin|sbin|libexec|lib/udev)(/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)+$',
      }),
      file('Where the build leaves it.'),
      {
        additionalProperties: false,
        minProperties: 1,
        description: 'The programs, by where they go.',
      },
    ),
  },
  'Programs that the sources build beside the modules; packages are for one architecture then.',
)

export const kernelOption = strict({
  name: optionName,
  reason: Type.String({ minLength: 1, description: 'Why, as people are told.' }),
})

const kernel = strict(
  {
    range: Type.Optional(text('semver range of kernel versions. Not said: every kernel.')),
    architectures: architectureNames,
    options: Type.Optional(
      strict(
        {
          required: Type.Optional(
            Type.Array(kernelOption, {
              description: 'Without one of these it cannot be built or work.',
            }),
          ),
          recommended: Type.Optional(Type.Array(kernelOption, { description: 'Only told about.' })),
        },
        'Kernel options looked for in .config.',
      ),
    ),
  },
  'Kernels this is for.',
)

/** Where a package may put files; who gets the pattern to see should find the place in it. */
const places = [
  ...['/etc/dkms/framework.conf.d', '/etc/modprobe.d', '/etc/modules-load.d', '/etc/sensors.d'],
  ...['/etc/sysctl.d', '/etc/udev/rules.d', '/etc/X11/xorg.conf.d', '/usr/bin', '/usr/include'],
  ...['/usr/lib/firmware', '/usr/lib/modprobe.d', '/usr/lib/modules-load.d', '/usr/lib/sysctl.d'],
  ...['/usr/lib/systemd/system', '/usr/lib/udev', '/usr/libexec', '/usr/sbin', '/usr/share/doc'],
  ...['/usr/share/initramfs-tools/hooks', '/usr/share/initramfs-tools/modules.d'],
  ...['/usr/share/man', '/usr/share/metainfo', '/usr/share/X11/xorg.conf.d'],
]

const target = `^(${places.join('|').replaceAll('.', '\\.')})(/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)+$`

const install = strict(
  {
    location: Type.Optional(
      Type.String({
        pattern: '^(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)+$',
        description: "Below /lib/modules/RELEASE; most distributions' dkms overrides it.",
      }),
    ),
    autoload: Type.Optional(
      oneOf(
        ['modalias', 'boot', 'none'],
        'udev by alias (not said), modules-load.d at boot, or by hand.',
      ),
    ),
    udev: Type.Optional(file('Rules for udev.')),
    blacklist: Type.Optional(moduleNames('Modules that are not to be loaded by their alias.')),
    files: Type.Optional(
      Type.Record(Type.String({ pattern: target }), file('What is put there.'), {
        additionalProperties: false,
        description:
          'What else comes along, by where it goes: udev rules, firmware, units, headers, manual pages, scripts. A program stays one.',
      }),
    ),
    chrony: Type.Optional(
      strict(
        {
          config: file('What chrony.conf takes in.'),
          precise: Type.Optional(file('The same for install --chrony=precise.')),
          unit: file('A drop-in for its unit: chronyd starts once the clock is there.'),
        },
        'For chrony, installed if asked for.',
      ),
    ),
  },
  'Where modules go and who loads them.',
)

/** All that the toolchain knows about a package; types and the schema for editors are made from it. */
export const manifest = Type.Object(
  {
    $schema: Type.Optional(text('This schema, for editors.')),
    package: about,
    root: Type.Optional(
      Type.Literal('..', {
        description:
          'Where package.json, CHANGELOG.md, LICENSE and docs/man are, if not beside the manifest.',
      }),
    ),
    sources: Type.Optional(
      Type.Array(glob, {
        minItems: 1,
        uniqueItems: true,
        description:
          "Files, folders and patterns, from the manifest's folder. Not said: all that git would not ignore.",
      }),
    ),
    configure: Type.Optional(
      Type.Array(word, {
        minItems: 1,
        description: 'A script of the sources, and its words; runs before make.',
      }),
    ),
    make: Type.Optional(
      Type.Array(make, {
        minItems: 1,
        description: 'How it is built, in order. Not said: kbuild in the top folder.',
      }),
    ),
    programs: Type.Optional(programs),
    patches: Type.Optional(
      Type.Array(
        strict({
          file: file('Taken by patch -p1.'),
          kernel: Type.Optional(text('semver range of kernel series that it is for.')),
        }),
        { description: 'What is changed before it is built, in order.' },
      ),
    ),
    needs: Type.Optional(byManager('What a build needs beside headers and a compiler.')),
    after: Type.Optional(
      packageNames('Packages of dkms that are built first: their symbols are used.'),
    ),
    modules: Type.Optional(
      Type.Array(module, {
        minItems: 1,
        description:
          'The modules built, in the order in which they are loaded. Not said: obj-m of Kbuild or Makefile.',
      }),
    ),
    kernel: Type.Optional(kernel),
    dkms: Type.Optional(
      strict({ range: text('semver range. Not said: >=2.8.0.') }, 'The dkms that is needed.'),
    ),
    install: Type.Optional(install),
    signing: Type.Optional(
      oneOf(
        ['auto', 'require', 'never'],
        'Sign if enforcement is on or a key is there (not said); always; never.',
      ),
    ),
    clock: Type.Optional(clock),
    status: Type.Optional(status),
    smoke: Type.Optional(smoke),
    distributions: Type.Optional(
      Type.Array(distribution, {
        description:
          'What distributions call the packages that are needed, where the tool does not know.',
      }),
    ),
  },
  {
    additionalProperties: false,
    title: 'Manifest of an out-of-tree kernel module package',
  },
)
