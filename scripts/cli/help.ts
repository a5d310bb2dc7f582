import type { Command, Help } from 'commander'
import { unbroken, wrap } from '../run/output.ts'
import { type Called, called } from '../run/typed.ts'
import { type DescribedCommand, describedCommands, type Example } from './described.ts'
import { commonOptions } from './options.ts'
import { rare } from './rare.ts'

/** Lines in two columns, the second broken at 80. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.flatMap(([left, right]) =>
    right ? wrap(`  ${left.padEnd(width)}  `, right) : `  ${left}`,
  )
}

const examples = (list: readonly Example[]) => ['Examples:', ...columns(list)]

/** All that --help of a command shows: what one types first, then its options. */
function commandHelp(command: DescribedCommand, helper: Help): string[] {
  const { summary, what, examples: list } = command.described
  const own = command.own.map((o) => [helper.optionTerm(o), helper.optionDescription(o)] as const)
  const common = command.common.map((option) => unbroken(option.flags.replace(', ', '|')))
  return [
    `vmmci-dkms ${command.name()}: ${summary}`,
    '',
    ...examples(list),
    '',
    ...wrap('Usage: ', helper.commandUsage(command)),
    ...(what ? wrap('  <what> is ', `one of ${what.join(', ')}`) : []),
    ...(own.length > 0 ? ['', 'Options:', ...columns(own)] : []),
    ...(common.length > 0 ? ['', ...wrap('Common options: ', common.join(', '))] : []),
  ]
}

const begin: Record<Called['name'], Example[]> = {
  'vmmci-dkms': [
    ['vmmci-dkms check', 'can it be built here? changes nothing'],
    ['vmmci-dkms install', 'build it, install it, load it'],
    ['vmmci-dkms smoke', 'does it work?'],
  ],
  'kmod-pack': [
    ['vmmci-dkms import dkms.conf --out manifest.json', 'or init, where there is none'],
    ['vmmci-dkms install', 'build it, install it, load it'],
    ['vmmci-dkms package deb', 'or rpm, arch, alpine'],
  ],
}

/** What is told in a line of its own: for another module what makes a manifest is, and no host's clock. */
const isOften = (name: string): boolean =>
  called.name === 'kmod-pack'
    ? !['watch', 'report', 'keys', 'build', 'render', 'completion'].includes(name)
    : !rare.some(([described]) => described.name === name)

/** The first screen. */
function programHelp(program: Command): string[] {
  const names = describedCommands(program).map((command) => command.name())
  const often = describedCommands(program).filter((command) => isOften(command.name()))
  const everywhere = commonOptions(['kernel', 'json', 'dryRun', 'yes'])
  return [
    ...wrap('', program.description()),
    ...examples(begin[called.name]),
    '',
    'Commands (COMMAND --help has the options of each):',
    ...columns(often.map((command) => [command.name(), command.summary()])),
    ...wrap('  also: ', names.filter((name) => !isOften(name)).join(', ')),
    '',
    'Most commands take:',
    ...columns(everywhere.map(({ flags, description }) => [flags, description])),
  ]
}

/** The help of a program or of one of its commands, at most 80 columns wide. */
export function formatHelp(command: Command, helper: Help): string {
  const program = command.parent
  const lines = program ? commandHelp(command as DescribedCommand, helper) : programHelp(command)
  return `${lines.join('\n')}\n`.replaceAll(/\bvmmci-dkms (?=[a-z])/g, `${called.name} `)
}
