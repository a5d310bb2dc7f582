import { Option } from 'commander'
import { type Shell, shells } from './completion.ts'
import { change, type Declared, kernels, keyOptions, talk } from './declared.ts'
import { repeatable } from './options.ts'

/** What is packed, and what can be packed as it was built. */
const packed = ['deb', 'rpm', 'arch', 'alpine', 'all']
const packedBuilt = ['deb', 'rpm', 'all']

/** For those who build and pack: named in the last lines of the help only. */
export const rare: readonly Declared[] = [
  [
    {
      name: 'build',
      summary: 'build the modules without dkms, into build/RELEASE',
      about: [
        'Needs no root. Several kernels are built side by side. What was built there from the same is not built again.',
      ],
      examples: [
        ['vmmci-dkms build', 'for the running kernel'],
        ['vmmci-dkms build --all-kernels --out /tmp/modules', ''],
      ],
      ends: ['kernel', 'headers', 'toolchain', 'build', 'sign'],
      takes: [...kernels, ...talk, ...change],
      options: [
        new Option('--out <dir>', 'another folder than build'),
        repeatable('--make-arg <word>', 'hand a word to make; can be repeated'),
      ],
    },
    async (options) => (await import('../commands/build.ts')).build(options),
  ],
  [
    {
      name: 'render',
      summary: 'print dkms.conf',
      about: ['Prints the dkms.conf that is made from the manifest.'],
      examples: [['vmmci-dkms render --out dkms.conf', '']],
      ends: [],
      takes: talk,
      options: [new Option('--out <file>', 'write it there')],
    },
    async (options) => (await import('../commands/render.ts')).render(options),
  ],
  [
    {
      name: 'import',
      summary: "write another module's manifest from its dkms.conf",
      about: [
        'Reads a dkms.conf without running any of it, and prints the manifest that says the same. What it could not take over is told on standard error, a line each.',
      ],
      examples: [
        ['vmmci-dkms import dkms.conf', ''],
        ['vmmci-dkms import dkms.conf --out manifest.json', ''],
      ],
      ends: [],
      takes: ['json', 'quiet'],
      given: '<file>',
      options: [new Option('--out <file>', 'write it there, if nothing is there')],
    },
    async (file: string, options) =>
      (await import('../commands/import.ts')).importFile(file, options),
  ],
  [
    {
      name: 'init',
      summary: "write another module's manifest by asking",
      about: [
        'Looks at a folder of sources, asks what they do not say, and writes manifest.json there.',
      ],
      examples: [
        ['vmmci-dkms init', 'in this folder'],
        ['vmmci-dkms init src/foo --yes', 'without asking, if that can be'],
      ],
      ends: [],
      takes: ['json', 'quiet', 'yes'],
      given: '[folder]',
      options: [new Option('--out <file>', 'write it there, if nothing is there')],
    },
    async (folder: string | undefined, options) =>
      (await import('../commands/init.ts')).init(folder, options),
  ],
  [
    {
      name: 'package',
      summary: 'make packages, and repositories of them',
      about: [
        'Makes packages with the own tools of each distribution. repo puts those that were made into signed apt and yum repositories, for any web server.',
      ],
      examples: [
        ['vmmci-dkms package deb', ''],
        ['vmmci-dkms package rpm --binary --kernel RELEASE', ''],
        ['vmmci-dkms package repo --sign KEY --url http://HOST', ''],
      ],
      ends: ['kernel', 'headers', 'toolchain', 'build', 'package', 'sign'],
      takes: [...kernels, ...talk, ...change],
      what: [...packed, 'repo'],
      only: {
        ...{ binary: packedBuilt, kernel: packedBuilt, allKernels: packedBuilt },
        ...{ key: packedBuilt, cert: packedBuilt, stage: packed, dryRun: packed },
        ...{ from: ['repo'], url: ['repo'] },
      },
      options: [
        new Option('--out <dir>', 'not build/packages (repo: not build/repo)'),
        new Option('--binary', 'built modules of one kernel, no sources'),
        new Option('--stage <dir>', 'only write what the tools work on, there').conflicts([
          ...['out', 'sign'],
        ]),
        ...keyOptions(),
        repeatable('--sign <key>', 'with this key of gpg; repo: can be repeated'),
        new Option('--from <dir>', 'repo: packages that are there'),
        new Option('--url <address>', 'repo: where it will be served'),
      ],
    },
    async (what: string, options) =>
      what === 'repo'
        ? (await import('../commands/repo.ts')).makeRepository(options)
        : (await import('../commands/package.ts')).makePackages(what, options),
  ],
  [
    {
      name: 'completion',
      summary: 'print what your shell needs to complete these words',
      about: ['The packages of the command install it for all users.'],
      examples: [
        ['vmmci-dkms completion bash >>~/.bashrc', ''],
        ['vmmci-dkms completion fish | source', 'in config.fish'],
        ['vmmci-dkms completion zsh >~/.zfunc/_vmmci-dkms', 'a folder of your fpath'],
      ],
      ends: [],
      takes: [],
      what: [...shells],
    },
    async (shell: Shell) => (await import('../commands/completion.ts')).printCompletion(shell),
  ],
]
