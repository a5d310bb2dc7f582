import type { Command, Option } from 'commander'
import { type DescribedCommand, describedCommands } from './described.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What a value is, by the name that its option gives it: <release> is a kernel. */
const valueName = ({ flags }: Option) => /<(\w+)>/.exec(flags)?.[1]
const flagsOf = ({ short, long }: Option) => [short, long].filter((flag) => flag !== undefined)
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const note = '# Made by "vmmci-dkms completion" from what its commands declare.'
const kernels = 'ls /lib/modules 2>/dev/null'

function bash(name: string, commands: readonly DescribedCommand[]): string[] {
  const complete = `_${name.replaceAll('-', '_')}`
  const options = commands.flatMap((command) => command.options)
  const named = (...names: string[]) =>
    [...new Set(options.filter((o) => names.includes(valueName(o) ?? '')).flatMap(flagsOf))].join(
      '|',
    )
  const words = commands.map((command) => {
    const all = [...(command.described.what ?? []), ...command.options.flatMap(flagsOf), '--help']
    return `  ${command.name()}) words=${quote(all.join(' '))} ;;`
  })
  return [
    note,
    `${complete}() {`,
    `  local current=\${COMP_WORDS[COMP_CWORD]} command= words`,
    `  ((COMP_CWORD > 1)) && command=\${COMP_WORDS[1]}`,
    `  case \${COMP_WORDS[COMP_CWORD - 1]} in`,
    `  ${named('release')}) mapfile -t COMPREPLY < <(compgen -W "$(${kernels})" -- "$current"); return ;;`,
    '  # Nothing of ours: bash completes file names itself.',
    `  ${named('file', 'dir')}) COMPREPLY=(); return ;;`,
    '  esac',
    '  case $command in',
    ...words,
    `  *) words=${quote(commands.map((command) => command.name()).join(' '))} ;;`,
    '  esac',
    '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
    '}',
    `complete -o default -F ${complete} ${name}`,
  ]
}

function zsh(name: string, commands: readonly DescribedCommand[]): string[] {
  const plain = (text: string) => text.replaceAll(/[[\]:]/g, ' ')
  const action = (value: string | undefined) =>
    value === undefined
      ? ''
      : `:${value}:${{ release: `{_values kernel $(${kernels})}`, file: '_files', dir: '_files -/' }[value] ?? ' '}`
  const spec = (option: Option) =>
    flagsOf(option).map((flag) =>
      quote(`*${flag}[${plain(option.description)}]${action(valueName(option))}`),
    )
  const branch = ({ described, options }: DescribedCommand) => [
    `  ${described.name}) _arguments \\`,
    ...options.flatMap(spec).map((line) => `    ${line} \\`),
    ...(described.what ? [`    ${quote(`1:what:(${described.what.join(' ')})`)} \\`] : []),
    "    '--help[print help]' ;;",
  ]
  return [
    `#compdef ${name}`,
    note,
    'local -a commands',
    'commands=(',
    ...commands.map((command) => `  ${quote(`${command.name()}:${plain(command.summary())}`)}`),
    ')',
    'if ((CURRENT == 2)); then',
    "  _describe 'command' commands",
    '  return',
    'fi',
    'shift words',
    '((CURRENT--))',
    'case $words[1] in',
    ...commands.flatMap(branch),
    'esac',
  ]
}

function fish(name: string, commands: readonly DescribedCommand[]): string[] {
  const line = (condition: string, rest: string) => `complete -c ${name} -n '${condition}' ${rest}`
  const value = (option: Option) =>
    ({ release: ` -x -a '(${kernels})'`, file: ' -r -F', dir: ' -r -F' })[
      valueName(option) ?? ''
    ] ?? (valueName(option) ? ' -x' : '')
  return [
    note,
    `complete -c ${name} -f`,
    ...commands.flatMap((command) => {
      const seen = `__fish_seen_subcommand_from ${command.name()}`
      return [
        line('__fish_use_subcommand', `-a ${command.name()} -d ${quote(command.summary())}`),
        ...(command.described.what
          ? [line(seen, `-a ${quote(command.described.what.join(' '))}`)]
          : []),
        ...command.options.map((option) => {
          const short = option.short ? ` -s ${option.short.slice(1)}` : ''
          const long = ` -l ${option.long?.slice(2)}`
          return line(
            seen,
            `${short}${long}${value(option)} -d ${quote(option.description)}`.trim(),
          )
        }),
      ]
    }),
  ]
}

/** A script for a shell: all commands, options and words, without starting node at each Tab. */
export function completion(shell: Shell, program: Command): string {
  const lines = { bash, zsh, fish }[shell](program.name(), describedCommands(program))
  return `${lines.join('\n')}\n`
}
