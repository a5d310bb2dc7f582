import { existsSync } from 'node:fs'
import type { KernelOptions } from '../build/select.ts'
import { ownManifest } from '../build/source-tree.ts'
import { loadManifest } from '../manifest/load.ts'
import type { Project } from '../manifest/manifest.ts'
import { Failure } from '../run/failure.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import { alone, rootLock } from '../run/lock.ts'
import { Output, type OutputOptions } from '../run/output.ts'
import { asRoot } from '../run/raise.ts'
import { called } from '../run/typed.ts'

/** Options that all commands share. */
export interface CommonOptions extends OutputOptions, KernelOptions {
  manifest?: string
  yes?: boolean
}

/** Ours; under the second name the one in this folder. */
function usualManifest(): string {
  if (called.name === 'vmmci-dkms') return ownManifest
  if (existsSync('manifest.json')) return 'manifest.json'
  throw new Failure('usage', 'There is no manifest.json here.', {
    mend: existsSync('dkms.conf')
      ? 'kmod-pack import dkms.conf --out manifest.json'
      : 'kmod-pack init',
  })
}

/** What every command begins with. */
export function open(options: CommonOptions): { project: Project; output: Output } {
  return {
    project: loadManifest(options.manifest ?? usualManifest()),
    output: new Output(options),
  }
}

/**
 * For commands that change the system: as root, which is asked for first; one at a time; and undone
 * when interrupted. A dry run needs none of that.
 */
export async function runAlone<Options extends CommonOptions>(
  options: Options,
  run: (project: Project, options: Options, output: Output) => Promise<void>,
): Promise<void> {
  const { project, output } = open(options)
  if (options.dryRun) return run(project, options, output)
  const { name } = project.package
  handleInterrupts()
  await asRoot(() =>
    alone(
      name,
      rootLock(name),
      (line) => output.warn(line),
      () => run(project, options, output),
    ),
  )
}
