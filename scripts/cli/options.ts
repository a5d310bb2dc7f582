import { InvalidArgumentError, Option } from 'commander'

/** Where an option stands in the help: those that many commands take are told of in one line. */
export const commonGroup = 'Common options:'

const collect = (value: string, list: string[] = []) => [...list, value]

/** A number above 0, as an option's value. */
export function above0(value: string): number {
  if (!(Number(value) > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return Number(value)
}

/** An option that can be given again and again. */
export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(collect)

const common = {
  kernel: () =>
    repeatable('--kernel <release>', 'this kernel; can be repeated').conflicts('allKernels'),
  allKernels: () => new Option('--all-kernels', 'every installed kernel that has headers'),
  manifest: () => new Option('--manifest <file>', "another module's manifest"),
  json: () => new Option('--json', 'one JSON document on standard output'),
  dryRun: () => new Option('--dry-run', 'print the commands, change nothing'),
  yes: () => new Option('-y, --yes', 'do not ask'),
  verbose: () => new Option('-v, --verbose', 'show what the commands print'),
  quiet: () => new Option('-q, --quiet', 'print errors only').conflicts('verbose'),
}

export type CommonName = keyof typeof common

/** Options that mean the same in every command that takes them. */
export const commonOptions = (names: readonly CommonName[]): Option[] =>
  names.map((name) => common[name]().helpGroup(commonGroup))

export const commonNames = Object.keys(common) as CommonName[]
