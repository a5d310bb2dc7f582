import { Argument, Command, type Option } from 'commander'
import { Failure, type FailureKind } from '../run/failure.ts'
import { type CommonName, commonGroup, commonOptions } from './options.ts'

/** A command line that works as it stands, and what it does. */
export type Example = readonly [line: string, does: string]

/** What help, man pages, reference pages and completions are made from. */
export interface Description {
  name: string
  /** One line. */
  summary: string
  /** Paragraphs for the man page: what it does, in order, and what it leaves alone. */
  about: readonly string[]
  examples: readonly Example[]
  /** Ways in which it ends, besides `usage`, `internal`, `manifest` and `interrupted`. */
  ends: readonly FailureKind[]
  takes: readonly CommonName[]
  what?: readonly string[]
  /** Of those words, which ones take an option, where it is not all of them: by the option's attribute. */
  only?: Readonly<Record<string, readonly string[]>>
  /** A file or folder that it is about, as <name>. */
  given?: string
  options?: readonly Option[]
}

export class DescribedCommand extends Command {
  readonly described: Description

  constructor(described: Description) {
    super(described.name)
    this.described = described
    this.summary(described.summary).description(described.summary).allowExcessArguments(false)
    if (described.given) this.addArgument(new Argument(described.given))
    if (described.what) this.addArgument(new Argument('<what>').choices([...described.what]))
    for (const option of [...(described.options ?? []), ...commonOptions(described.takes)])
      this.addOption(option)
    this.hook('preAction', () => this.refuseUnused())
  }

  /** What would be typed in vain is a mistake. */
  private refuseUnused(): void {
    const [what = ''] = this.args
    for (const option of this.options) {
      const name = option.attributeName()
      const given = this.getOptionValueSource(name) === 'cli'
      if (given && !(this.described.only?.[name] ?? [what]).includes(what))
        throw new Failure('usage', `${this.name()} ${what} does not take ${option.long}.`, {
          mend: `vmmci-dkms ${this.name()} --help`,
        })
    }
  }

  /** Options of its own, and those that many commands take. */
  get own(): Option[] {
    return this.options.filter((option) => option.helpGroupHeading !== commonGroup)
  }

  get common(): Option[] {
    return this.options.filter((option) => option.helpGroupHeading === commonGroup)
  }
}

/** The commands of a program that say what they do; commander's own `help` is none of them. */
export const describedCommands = (program: Command): DescribedCommand[] =>
  program.commands.filter((command) => command instanceof DescribedCommand)
