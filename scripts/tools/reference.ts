import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Option } from 'commander'
import { ownManifest } from '../build/source-tree.ts'
import { type DescribedCommand, describedCommands } from '../cli/described.ts'
import { documents } from '../cli/documents.ts'
import { always, endings } from '../cli/endings.ts'
import { commonNames, commonOptions } from '../cli/options.ts'
import { program } from '../cli/program.ts'
import { home } from '../home.ts'
import { loadManifest } from '../manifest/load.ts'
import { manifest } from '../manifest/schema.ts'
import { exitStatus, type FailureKind } from '../run/failure.ts'
import { wrap } from '../run/output.ts'
import * as mdoc from './mdoc.ts'
import { keysOf, type Schema } from './schema-keys.ts'

const note = 'Made by "npm run docs" from the declarations in scripts/. Do not edit.'
const head = (title: string) => [`<!-- ${note} -->`, '', `# ${title}`, '']
const commands = describedCommands(program())
/** The module that people know. */
const driver = loadManifest(ownManifest).modules.at(-1)?.name ?? ''
const kinds = Object.keys(exitStatus) as FailureKind[]
const keys = keysOf(JSON.parse(JSON.stringify(manifest)) as Schema)
const paragraph = (text: string) => [...wrap('', text), '']

const cell = (text: string) => text.replaceAll('|', '\\|')
const table = (names: string[], rows: readonly string[][]) => [
  `| ${names.join(' | ')} |`,
  `|${names.map(() => ' --- |').join('')}`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  '',
]

const optionTable = (options: readonly Option[]) =>
  table(
    ['option', 'meaning'],
    options.map(({ flags, description }) => [`\`${flags}\``, description]),
  )

const anchor = ({ long }: Option) => `\`${long}\``

function commandPage(command: DescribedCommand): string[] {
  const { described, own, common } = command
  const what = described.what
    ? ` ${described.what.join('|')}`
    : described.given
      ? ` ${described.given}`
      : ''
  return [
    `## ${command.name()}`,
    '',
    `\`vmmci-dkms ${command.name()}${what}\`: ${described.summary}.`,
    '',
    ...described.about.flatMap(paragraph),
    '```sh',
    ...described.examples.map(([line, does]) => (does ? `${line}    # ${does}` : line)),
    '```',
    '',
    ...(own.length > 0 ? optionTable(own) : []),
    ...(common.length > 0 ? paragraph(`Common options: ${common.map(anchor).join(', ')}.`) : []),
    ...(described.ends.length > 0
      ? paragraph(
          `Can end with: ${described.ends.map((k) => `${exitStatus[k]} (${k})`).join(', ')}.`,
        )
      : []),
  ]
}

const statusTable = table(
  ['status', 'kind', 'meaning'],
  [
    ['0', 'ok', 'all is well'],
    ...kinds.map((kind) => [`${exitStatus[kind]}`, kind, endings[kind]]),
  ],
)

const commandsPage = [
  ...head('Commands'),
  ...paragraph(
    `Every command can also end with ${always.map((kind) => `${exitStatus[kind]} (${kind})`).join(', ')}; see [exit statuses](exit-statuses.md).`,
  ),
  '![the first screen of help](../pictures/help.svg)',
  '',
  '## Common options',
  '',
  ...optionTable(commonOptions(commonNames)),
  ...commands.flatMap(commandPage),
]

const statusesPage = [
  ...head('Exit statuses'),
  ...statusTable,
  ...paragraph('With `--json` a failure is [one document](json.md), too.'),
]

const manifestPage = [
  ...head('Manifest'),
  ...paragraph(
    'A manifest is a JSON file, comments allowed, that says all that the tool knows of a package of modules. `[]` stands for each element of a list, `*` for any name. The schema for editors is `dist/manifest.schema.json`.',
  ),
  ...table(
    ['key', 'type', 'needed', 'meaning'],
    keys.map(({ path, type, required, description }) => [
      `\`${path}\``,
      type,
      required ? 'yes' : '',
      description,
    ]),
  ),
]

const documentTables = Object.entries(documents).flatMap(([name, schema]) => {
  const root = JSON.parse(JSON.stringify(schema)) as Schema
  return [
    `## ${name === 'error' ? 'A failure' : `\`${name}\``}`,
    '',
    ...paragraph(root.description ?? ''),
    ...table(
      ['key', 'type', 'always', 'meaning'],
      keysOf(root).map(({ path, type, required, description }) => [
        `\`${path}\``,
        type,
        required ? 'yes' : '',
        description,
      ]),
    ),
  ]
})

const jsonPage = [
  ...head('What --json prints'),
  ...paragraph(
    'One document on standard output, whatever happens: the result of the command, or why it failed. `[]` stands for each element of a list, `*` for any name. The schema for programs is `dist/documents.schema.json`; there `#/definitions/check` is what `check` prints.',
  ),
  ...documentTables,
]

/** The day of the newest release: pages that are made again are the same. */
const day = /^## .* - (\d{4}-\d\d-\d\d)$/m.exec(
  readFileSync(join(home, 'CHANGELOG.md'), 'utf8'),
)?.[1]

const optionList = (options: readonly Option[]) =>
  mdoc.list(
    options.map(({ flags, description }) => [mdoc.flags(flags), [mdoc.sentence(description)]]),
  )

const manCommands = [
  ...mdoc.page('vmmci-dkms', 8, day, note, 'build, install and look after kernel modules'),
  '.Sh SYNOPSIS',
  ...commands.flatMap(({ described }) => [
    '.Nm',
    `.Cm ${described.name}${described.what ? ` ${described.what.join(' | ')}` : ''}`,
    ...(described.given ? [`.Ar ${described.given.replace(/[<>[\]]/g, '')}`] : []),
    '.Op Ar options',
  ]),
  '.Sh DESCRIPTION',
  ...mdoc.text(
    'Builds two kernel modules for Linux guests of the hypervisor of OpenBSD, installs them through dkms, and shows whether they work. Without a command it prints help.',
  ),
  '.Sh COMMANDS',
  ...commands.flatMap((command) => [
    `.Ss ${command.name()}`,
    ...mdoc.text(mdoc.sentence(command.summary())),
    ...command.described.about.flatMap((text) => ['.Pp', ...mdoc.text(text)]),
    ...(command.own.length > 0 ? optionList(command.own) : []),
    ...(command.common.length > 0
      ? [
          '.Pp',
          ...mdoc.text(`Common options: ${command.common.map(({ long }) => long).join(', ')}.`),
        ]
      : []),
  ]),
  '.Sh COMMON OPTIONS',
  ...optionList(commonOptions(commonNames)),
  '.Sh EXIT STATUS',
  ...mdoc.list([
    ['0', ['All is well.']],
    ...kinds.map((kind): [string, string[]] => [
      `${exitStatus[kind]} Pq ${kind}`,
      [mdoc.sentence(endings[kind])],
    ]),
  ]),
  '.Sh EXAMPLES',
  ...commands.flatMap(({ described }) =>
    described.examples.flatMap(([line, does]) => [
      ...(does ? mdoc.text(`${mdoc.sentence(`${described.name}: ${does}`)}`) : ['.Pp']),
      `.Dl ${mdoc.literal(line)}`,
    ]),
  ),
  '.Sh SEE ALSO',
  ...mdoc.seeAlso([
    [driver, 4],
    ['vmmci-dkms-manifest', 5],
    ['dkms', 8],
    ['modprobe', 8],
  ]),
]

const manManifest = [
  ...mdoc.page('vmmci-dkms-manifest', 5, day, note, 'what a package of kernel modules is made of'),
  '.Sh DESCRIPTION',
  ...mdoc.text(
    'A manifest is a JSON file, comments allowed. vmmci-dkms has one of its own; --manifest names another. A pair of brackets stands for each element of a list, a star for any name.',
  ),
  ...mdoc.list(
    keys.map(({ path, type, required, description }): [string, string[]] => [
      `Cm ${mdoc.literal(path)}`,
      [`(${type}${required ? ', needed' : ''})`, ...(description ? [description] : [])],
    ]),
  ),
  '.Sh SEE ALSO',
  ...mdoc.seeAlso([
    ['dkms', 8],
    ['vmmci-dkms', 8],
  ]),
]

const whole = (lines: readonly string[]) => `${lines.join('\n').trimEnd()}\n`

/** Pages that are made, by their paths in the tree. */
export const pages: Record<string, string> = {
  'docs/reference/commands.md': whole(commandsPage),
  'docs/reference/exit-statuses.md': whole(statusesPage),
  'docs/reference/json.md': whole(jsonPage),
  'docs/reference/manifest.md': whole(manifestPage),
  'docs/man/tools/vmmci-dkms.8': whole(manCommands),
  'docs/man/tools/vmmci-dkms-manifest.5': whole(manManifest),
}
