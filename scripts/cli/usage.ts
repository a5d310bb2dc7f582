import type { CommanderError } from 'commander'
import leven from 'leven'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'

/** The words as they were typed, the wrong one replaced by the nearest that there is. */
function corrected(words: readonly string[], wrong: string, right: string): string {
  return ['vmmci-dkms', ...words.map((word) => (word === wrong ? right : word))]
    .map(quote)
    .join(' ')
}

const nearest = (wrong: string, choices: readonly string[]) =>
  choices.find((choice) => leven(wrong, choice) <= choice.length / 2)

/** asTyped() says which manifest it is about. */
const withoutManifest = (words: readonly string[]): string[] =>
  words.filter((word, i) => !/^--manifest(=|$)/.test(word) && words[i - 1] !== '--manifest')

/** What commander says of a wrong command line, as a Failure with what would be right. */
export function usageFailure(
  { message }: CommanderError,
  words: readonly string[],
  commands: readonly string[],
): Failure {
  const [first = '', suggestion = ''] = message.replace(/^error: /, '').split('\n')
  const wrong = /'([^']*)'/.exec(first)?.[1] ?? ''
  const choices = /Allowed choices are (.*)\.$/.exec(first)?.[1]?.split(', ') ?? []
  const right = /Did you mean (?:one of )?([\w-]+)/.exec(suggestion)?.[1] ?? nearest(wrong, choices)
  const at = words.findIndex((word) => commands.includes(word))
  const command = words[at]
  // Options come after their command.
  const early = words.slice(0, Math.max(at, 0))
  const isEarly = command !== undefined && early.includes(wrong)
  const moved = [
    'vmmci-dkms',
    command ?? '',
    ...withoutManifest([...early, ...words.slice(at + 1)]),
  ]
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}.`.replace('..', '.')
  return new Failure('usage', sentence, {
    mend: isEarly
      ? moved.map(quote).join(' ')
      : right
        ? corrected(withoutManifest(words), wrong, right)
        : `vmmci-dkms ${command ? `${command} ` : ''}--help`,
  })
}
