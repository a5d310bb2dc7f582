import { Option } from 'commander'
import { change, type Declared, kernels, keyOptions, talk } from './declared.ts'
import { above0 } from './options.ts'

/** What one needs who has a guest, in the order in which people are told of it. */
export const everyday: readonly Declared[] = [
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
        new Option('--format <name>', 'for monitoring: openmetrics')
          .choices(['openmetrics'])
          .conflicts('json'),
      ],
    },
    async (options) => (await import('../commands/status.ts')).status(options),
  ],
  [
    {
      name: 'watch',
      summary: "the guest's clock against the host's, line by line",
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
        new Option('--tap', 'print the Test Anything Protocol').conflicts('json'),
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
      only: {
        ...{ key: ['show', 'enroll'], cert: ['show', 'enroll'], passphrase: ['new'] },
        ...{ dryRun: ['new', 'enroll'], verbose: ['new'] },
      },
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
]
