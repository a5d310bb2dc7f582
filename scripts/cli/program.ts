import { Command, Option } from 'commander'
import { called } from '../run/typed.ts'
import { type Shell, shells } from './completion.ts'
import { DescribedCommand, type Description } from './described.ts'
import { formatHelp } from './help.ts'
import { above0, type CommonName, repeatable } from './options.ts'
import { versionText } from './version.ts'

const kernels: CommonName[] = ['kernel', 'allKernels']
const talk: CommonName[] = ['manifest', 'json', 'quiet']
const change: CommonName[] = ['dryRun', 'verbose']

const keyOptions = () => [
  new Option('--key <file>', 'this private key, or a pkcs11: URI'),
  new Option('--cert <file>', 'and this certificate'),
]

/** All that commander calls back with: what is given, then its options. */
type Run = (...given: never[]) => Promise<void>

const declared: readonly (readonly [Description, Run])[] = [
  [
    {
      name: 'check',
      summary: 'what stands in the way of a build; changes nothing',
      about: [
        'Looks at the headers, the compiler, the kernel options, dkms, the free space, the signing keys and the device, and says for each thing that is missing which command brings it.',
        'It ends with the status of the first thing that is missing.',
      ],
      examples: [
        ['vmmci-dkms check', 'for the running kernel'],
        ['vmmci-dkms check --all-kernels --json', 'for all of them, for a script'],
      ],
      ends: ['kernel', 'headers', 'toolchain', 'dkms', 'space', 'platform'],
      takes: [...kernels, ...talk],
    },
    async (options) => (await import('../commands/check.ts')).check(options),
  ],
  [
    {
      name: 'install',
      summary: 'build by dkms, install and load',
      about: [
        'Shows what is needed (dkms, a compiler, headers of the kernel), asks once, and installs it. Then dkms builds and installs the modules, and they are loaded.',
        'Run again, it finds that there is nothing to do. An installation that fails or is interrupted puts back what was there before; packages of the distribution that were installed stay.',
      ],
      examples: [
        ['sudo vmmci-dkms install', 'for the running kernel'],
        ['vmmci-dkms install --dry-run', 'only show the commands'],
        ['sudo vmmci-dkms install --yes --chrony', "and chrony follows the host's clock"],
      ],
      ends: [
        ...(['kernel', 'headers', 'toolchain', 'dkms', 'build', 'install', 'privilege'] as const),
        ...(['space', 'owned', 'busy', 'packages', 'platform', 'load', 'sign'] as const),
      ],
      takes: [...kernels, ...talk, ...change, 'yes'],
      options: [
        new Option('--no-prereqs', 'do not install packages that are needed'),
        new Option('--chrony [how]', "let chrony follow the host's clock").choices(['precise']),
      ],
    },
    async (options) => (await import('../commands/install.ts')).install(options),
  ],
  [
    {
      name: 'uninstall',
      summary: 'remove what install brought',
      about: [
        'Unloads the modules, removes them from dkms and from all kernels, and deletes the source tree and the configuration files. With --kernel it removes them from that kernel; with the last one all goes.',
        'Asks first, if it is run at a terminal. Packages of the distribution that install brought are named, and stay unless you want them removed, too.',
        'Modules that are in use stay loaded until the next boot, and are named.',
      ],
      examples: [
        ['sudo vmmci-dkms uninstall', ''],
        ['vmmci-dkms uninstall --dry-run', 'only show the commands'],
      ],
      ends: [
        ...(['kernel', 'dkms', 'install', 'privilege', 'space', 'owned', 'busy'] as const),
        'packages',
      ],
      takes: [...kernels, ...talk, ...change, 'yes'],
    },
    async (options) => (await import('../commands/uninstall.ts')).uninstall(options),
  ],
  [
    {
      name: 'status',
      summary: 'the device, drivers, kernels and clock',
      about: [
        'One screen: the device and its drivers, what is loaded, what is installed for each kernel and how it is signed, who sets the clock, and how far it is from the one of the host.',
        'It ends with 0 when all is well, 1 when something is wrong, and 3 when nothing is installed, as services do.',
      ],
      examples: [
        ['vmmci-dkms status', 'for eyes'],
        ['vmmci-dkms status --json', 'for scripts'],
        ['vmmci-dkms status --format openmetrics', 'for Prometheus'],
      ],
      ends: [],
      takes: talk,
      options: [
        new Option('--format <name>', 'for monitoring: openmetrics').choices(['openmetrics']),
      ],
    },
    async (options) => (await import('../commands/status.ts')).status(options),
  ],
  [
    {
      name: 'watch',
      summary: 'the clock against the one of the host, line by line',
      about: [
        'Prints a line for each measurement until Ctrl-C. Root has the driver measure each time; others see what it measures by itself, every 15 seconds.',
        'With --json each line is a JSON document.',
      ],
      examples: [
        ['sudo vmmci-dkms watch', 'until Ctrl-C'],
        ['sudo vmmci-dkms watch --count 60 --plot clock.svg', 'two minutes, drawn'],
      ],
      ends: ['load'],
      takes: talk,
      options: [
        new Option('--interval <seconds>', 'between two measurements (2)').argParser(above0),
        new Option('--count <n>', 'stop after so many (endless)').argParser(above0),
        new Option('--plot <file>', 'in the end draw them into this SVG file'),
      ],
    },
    async (options) => (await import('../commands/watch.ts')).watch(options),
  ],
  [
    {
      name: 'smoke',
      summary: 'does it work in this machine? pass or fail',
      about: [
        'Loads the modules if they are not, then looks at the kernel log since, the bound devices, sysfs, sysctl and the drift. It changes nothing else.',
        'With --interactive it also asks you to suspend the host and to stop the guest by vmctl, and watches for both.',
      ],
      examples: [
        ['sudo vmmci-dkms smoke', ''],
        ['sudo vmmci-dkms smoke --tap', 'for a test harness'],
      ],
      ends: ['smoke', 'privilege'],
      takes: [...talk, 'dryRun'],
      options: [
        new Option('--tap', 'print the Test Anything Protocol'),
        new Option('--interactive', 'also ask for what is done on the host'),
      ],
    },
    async (options) => (await import('../commands/smoke.ts')).smoke(options),
  ],
  [
    {
      name: 'report',
      summary: 'one text for a bug report',
      about: [
        'Prints versions, the status, the settings, the logs of dkms and what the kernel log says of the modules. Names of the host and of users, addresses and keys are taken out. Read it before you send it.',
      ],
      examples: [['sudo vmmci-dkms report >report.txt', '']],
      ends: [],
      takes: ['manifest', 'quiet'],
    },
    async (options) => (await import('../commands/report.ts')).report(options),
  ],
  [
    {
      name: 'sign',
      summary: 'sign the modules, and check the signatures',
      about: [
        'Signs what is installed, compressed or not, or what build made. Without --key it takes the key of dkms or of the distribution.',
      ],
      examples: [
        ['sudo vmmci-dkms sign --all-kernels', 'what is installed'],
        ['vmmci-dkms sign --out build --key mok.key --cert mok.der', 'what build made'],
      ],
      ends: ['kernel', 'privilege', 'sign'],
      takes: [...kernels, ...talk, ...change],
      options: [...keyOptions(), new Option('--out <dir>', 'what build made there')],
    },
    async (options) => (await import('../commands/sign.ts')).sign(options),
  ],
  [
    {
      name: 'keys',
      summary: 'the keys for signing: show, new, enroll',
      about: [
        'show tells where the keys are and what the firmware knows of them. new makes a key and tells dkms of it, never over one that is there. enroll asks the firmware to accept it at the next boot.',
      ],
      examples: [
        ['vmmci-dkms keys show', ''],
        ['sudo vmmci-dkms keys new', ''],
        ['sudo vmmci-dkms keys enroll', ''],
      ],
      ends: ['toolchain', 'privilege', 'busy', 'sign'],
      takes: [...talk, ...change],
      what: ['show', 'new', 'enroll'],
      options: [
        ...keyOptions(),
        new Option('--passphrase', 'new: with the passphrase in KBUILD_SIGN_PIN'),
      ],
    },
    async (what: 'show' | 'new' | 'enroll', options) => {
      const { showKeys, makeKey, enrollKey } = await import('../commands/keys.ts')
      await { show: showKeys, new: makeKey, enroll: enrollKey }[what](options)
    },
  ],
  [
    {
      name: 'build',
      rare: true,
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
      rare: true,
      summary: 'print dkms.conf',
      about: ['Prints the dkms.conf that is made from the manifest.'],
      examples: [['vmmci-dkms render --out dkms.conf', '']],
      ends: [],
      takes: [...talk, 'dryRun'],
      options: [new Option('--out <file>', 'write it there')],
    },
    async (options) => (await import('../commands/render.ts')).render(options),
  ],
  [
    {
      name: 'import',
      rare: true,
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
      rare: true,
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
      rare: true,
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
      what: ['deb', 'rpm', 'arch', 'alpine', 'all', 'repo'],
      options: [
        new Option('--out <dir>', 'not build/packages (repo: not build/repo)'),
        new Option('--binary', 'built modules of one kernel, no sources'),
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
      rare: true,
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

/** The command line: what there is, in the order in which people are told of it. */
export function program(): Command {
  const all = new Command(called.name)
    .description(
      called.name === 'vmmci-dkms'
        ? "OpenBSD's vmmci(4) for Linux guests: build, install, look after its modules."
        : 'Kernel modules out of the tree: build, install, sign, pack and look after them.',
    )
    .version(versionText, '-V, --version', 'what this is, and what it was made from')
    .configureHelp({ formatHelp })
    // What commander would print on its own is a Failure of ours.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  for (const [description, run] of declared) {
    const command = new DescribedCommand(description).copyInheritedSettings(all)
    all.addCommand(command.action(run as (...given: unknown[]) => Promise<void>))
  }
  return all
}
