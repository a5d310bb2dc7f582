import { Command } from 'commander'
import { called } from '../run/typed.ts'
import { DescribedCommand } from './described.ts'
import { everyday } from './everyday.ts'
import { formatHelp } from './help.ts'
import { rare } from './rare.ts'
import { versionText } from './version.ts'

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
  for (const [description, run] of [...everyday, ...rare]) {
    const command = new DescribedCommand(description).copyInheritedSettings(all)
    all.addCommand(command.action(run as (...given: unknown[]) => Promise<void>))
  }
  return all
}
