import { type Static, type TSchema, Type } from 'typebox'
import type { manifest } from '../manifest/schema.ts'
import { oneOf, strict, text } from '../manifest/words.ts'
import { exitStatus, type FailureKind } from '../run/failure.ts'

/** What --json prints, by command: the types are made from it, the schema in the package, and a page. */

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const textOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description })
const truth = (description: string) => Type.Boolean({ description })
const texts = (description: string) => Type.Array(Type.String(), { description })
const whole = (description: string) => Type.Integer({ description })
const numberOrNull = (description: string) =>
  Type.Union([Type.Number(), Type.Null()], { description })

const packageName = text('The package that it is about.')
const version = text('Its version.')
const release = text('As uname -r says it.')
const file = text('Absolute path.')
const mend = text('A command that mends it.')
const kind = oneOf(Object.keys(exitStatus) as FailureKind[], 'As in the table of exit statuses.')

const finding = strict({
  what: text('One word for it.'),
  level: oneOf(['ok', 'note', 'fail'], 'fail: no build could succeed.'),
  message: text('What was found.'),
  mend: Type.Optional(mend),
  kind: Type.Optional(kind),
})

const builtModule = strict({
  file,
  name: text('Without .ko.'),
  version: Type.Optional(text('MODULE_VERSION, if it has one.')),
  release: text('The kernel release that it was built for.'),
  aliases: texts('modalias patterns that it carries.'),
  signer: Type.Optional(text('Who signed it, if somebody did.')),
})

const installedModule = strict({
  file,
  name: text('Without .ko.'),
  version: textOrNull('MODULE_VERSION, if it has one.'),
  vermagic: text('right; for RELEASE, another kernel; linked from RELEASE, by weak-modules.'),
  signer: textOrNull('Who signed it, if somebody did.'),
  enrolled: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'The firmware knows the key; null where there is no firmware to ask.',
  }),
})

const clock = strict({
  ptp: textOrNull('The device of the PTP clock.'),
  driftNs: numberOrNull("That clock minus the system's, ns."),
  uncertaintyNs: numberOrNull('How near to it the truth lies, ns.'),
  hostTime: numberOrNull('That clock when it was measured, s since 1970.'),
  error: textOrNull('Why the newest measurement failed, such as ERANGE.'),
  disciplined: truth("A time daemon is seen to steer the system's clock."),
  daemons: texts('Time daemons that run.'),
  counts: Type.Record(Type.String(), Type.Number(), { description: "The driver's counters." }),
})

const keyPair = {
  key: text('The private key: a path, or a pkcs11: URI.'),
  cert: text('Its certificate.'),
}

const standing = oneOf(
  ['no UEFI', 'enrolled', 'pending', 'unknown to the firmware'],
  'What the firmware knows of it.',
)

export const documents = {
  check: strict(
    {
      verdict: oneOf(['ok', 'fail'], 'fail where one of the findings is.'),
      system: Type.Array(finding, { description: 'What has to do with no kernel.' }),
      kernels: Type.Array(
        strict({
          kernel: release,
          running: truth('It is the running one.'),
          flavour: textOrNull("The distribution's flavour of kernels that it is of."),
          findings: Type.Array(finding),
        }),
      ),
    },
    'What was looked at, and what is missing.',
  ),
  install: strict(
    {
      package: packageName,
      version,
      kernels: texts('Kernels that have this version.'),
      left: texts('Kernels without headers, which keep another version.'),
      changed: truth('False where all was there already.'),
      loaded: texts('Modules that are in the running kernel.'),
      boot: textOrNull('Why nothing is loaded, where another kernel has to be booted.'),
    },
    'What is installed now.',
  ),
  uninstall: strict(
    {
      package: packageName,
      removed: texts('Versions that are gone; none where a kernel still has one.'),
      kernels: texts('Kernels that it was removed from.'),
      stillLoaded: texts('Modules that stay until the next boot.'),
      packages: texts("The distribution's packages that install brought, and that stay."),
    },
    'What was removed.',
  ),
  status: strict(
    {
      package: packageName,
      version,
      devices: texts('The devices, as paths of sysfs.'),
      drivers: Type.Array(
        strict({ driver: text('BUS/DRIVER.'), devices: texts('What it is bound to.') }),
      ),
      loaded: Type.Array(strict({ name: text('A module.'), version: Type.Optional(version) })),
      sources: Type.Array(
        strict({
          version,
          source: truth("dkms's link leads somewhere."),
          path: truth('The folder in /usr/src is there.'),
          owner: orNull(
            strict({
              package: text("The distribution's package that brought it."),
              version: Type.Optional(version),
              manager: text('Its package manager.'),
            }),
          ),
        }),
        { description: 'Versions that dkms knows.' },
      ),
      signing: strict({
        text: text('How things stand with signatures.'),
        next: Type.Optional(text('The one command to type next.')),
      }),
      kernels: Type.Array(
        strict({
          kernel: release,
          failed: textOrNull('The log of a build that failed.'),
          running: truth('It is the running one.'),
          headers: text('ok, or what is wrong with them.'),
          dkms: Type.Array(
            strict({ version, state: oneOf(['built', 'installed'], 'As dkms has it.') }),
          ),
          modules: Type.Array(installedModule),
        }),
      ),
      clock: orNull(clock),
      clockSource: orNull(
        strict({
          name: text("The kernel's clock source."),
          isGood: truth('It keeps the time between two measurements.'),
          message: text('What it means.'),
          mend: Type.Optional(mend),
        }),
      ),
      values: Type.Array(
        strict({
          label: text('What people read.'),
          value: text('As the kernel has it.'),
          unit: Type.Union([oneOf(['ns', 'time'], 'Of the value.'), Type.Null()]),
        }),
      ),
      verdict: oneOf(['well', 'wrong', 'not installed'], 'As the exit status 0, 1 and 3.'),
      problems: texts('What is wrong, as half sentences.'),
      boot: textOrNull('Why nothing is loaded, where another kernel has to be booted.'),
    },
    'Everything that status shows.',
  ),
  watch: Type.Union(
    [
      strict({
        hostTime: Type.Number({ description: "By the host's clock, s since 1970." }),
        driftNs: Type.Number({ description: "The host's clock minus this one's, ns." }),
        uncertaintyNs: Type.Number({ description: 'How near to it the truth lies, ns.' }),
        frequencyPpm: numberOrNull("By how much the host's clock is faster; null: too few."),
        disciplined: truth("A time daemon is seen to steer the system's clock."),
        counts: Type.Record(Type.String(), Type.Number(), {
          description: "The driver's counters.",
        }),
      }),
      strict({ error: textOrNull('Why the clock cannot be read, such as ERANGE; null: again.') }),
    ],
    { description: 'One line of many (NDJSON): a measurement, or why there is none.' },
  ),
  smoke: strict(
    {
      package: packageName,
      passed: truth('No check failed.'),
      checks: Type.Array(
        strict({
          label: text('What was looked at.'),
          result: oneOf(['pass', 'fail', 'unknown'], 'unknown: it could not be seen from here.'),
          why: text('What was seen, or why not.'),
          mend: Type.Optional(mend),
        }),
        { description: 'In order, up to the first cause of a failure.' },
      ),
    },
    'What was looked at in this machine.',
  ),
  sign: strict(
    {
      ...keyPair,
      of: text('Whose place the key is in.'),
      files: texts('Modules that are signed.'),
    },
    'What was signed, by which key.',
  ),
  'keys show': strict(
    {
      uefi: truth('There is firmware that keys can be enrolled in.'),
      keys: Type.Array(
        strict({
          ...keyPair,
          of: text('Whose place it is.'),
          state: oneOf(['complete', 'no key', 'no certificate'], 'What is there.'),
          subject: textOrNull("The certificate's."),
          validUntil: textOrNull('Its last day, as 2036-01-31.'),
          standing: orNull(standing),
        }),
        { description: 'The one to be taken first.' },
      ),
    },
    'Keys for modules.',
  ),
  'keys new': strict(keyPair, 'What was made.'),
  'keys enroll': strict({ cert: keyPair.cert, standing }, 'What the firmware was asked.'),
  build: strict(
    {
      kernels: Type.Array(strict({ kernel: release, modules: Type.Array(builtModule) })),
    },
    'What was built.',
  ),
  render: strict(
    {
      template: file,
      file: textOrNull('Where it was written.'),
      text: text('dkms.conf.'),
    },
    'dkms.conf, made from the manifest.',
  ),
  import: strict(
    {
      manifest: Type.Unsafe<Partial<Static<typeof manifest>>>(
        Type.Object({}, { description: 'As far as dkms.conf tells.' }),
      ),
      notes: texts('What could not be taken over.'),
      file: textOrNull('Where it was written.'),
    },
    'A manifest that says what a dkms.conf says.',
  ),
  init: strict(
    {
      manifest: Type.Unsafe<Static<typeof manifest>>(Type.Object({}, { description: 'Whole.' })),
      file: text('Where it was written.'),
    },
    'A new manifest.',
  ),
  package: strict(
    {
      packages: Type.Array(
        strict({ file, bytes: whole('Its size.'), sha256: text('Its digest.') }),
      ),
    },
    'Packages that were made.',
  ),
  'package --stage': strict(
    { stage: text('The folder.') },
    "With --stage: what the distributions' tools work on was written there.",
  ),
  'package repo': strict(
    {
      repository: text('The folder to be served.'),
      packages: texts('What is in it now.'),
      use: Type.Record(Type.String(), texts('Lines for a shell.'), {
        description: 'What a person types in a guest, by distribution.',
      }),
    },
    'A repository that was made.',
  ),
  '--dry-run': strict(
    { commands: texts('For a shell, in order.') },
    'With --dry-run: what would be run, for every command that takes it.',
  ),
  error: strict(
    {
      error: strict({
        kind,
        status: whole('The exit status.'),
        message: text('One sentence.'),
        mend: textOrNull('A command that mends it.'),
        details: texts("Lines as they are: a compiler's own words, a list of mistakes."),
      }),
    },
    'What any command prints in the place of its result, when it fails.',
  ),
} as const

/** All of them, for a validator: the one of `vmmci-dkms check` is `#/definitions/check`. */
export const documentSchema = {
  title: 'What --json prints',
  definitions: documents,
  anyOf: Object.keys(documents).map((name) => ({ $ref: `#/definitions/${encodeURI(name)}` })),
}

export type DocumentName = keyof typeof documents

export type Documents = { [Name in DocumentName]: Static<(typeof documents)[Name]> }

/** One of them, whichever. */
export type AnyDocument = Documents[DocumentName]
