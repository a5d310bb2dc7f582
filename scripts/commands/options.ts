import type { KernelOptions } from '../build/select.ts'
import { ownManifest } from '../build/source-tree.ts'
import { loadManifest } from '../manifest/load.ts'
import type { Project } from '../manifest/manifest.ts'
import { alone } from '../run/lock.ts'
import { Output, type OutputOptions } from '../run/output.ts'
import { handleInterrupts } from '../run/steps.ts'

/** Options that all commands share. */
export interface CommonOptions extends OutputOptions, KernelOptions {
  manifest?: string
  dryRun?: boolean
  yes?: boolean
}

/** What every command begins with. */
export function open(options: CommonOptions): { project: Project; output: Output } {
  return {
    project: loadManifest(options.manifest ?? ownManifest),
    output: new Output(options),
  }
}

/** For commands that change the system: one at a time, and undone when interrupted. */
export async function runAlone<Options extends CommonOptions>(
  options: Options,
  run: (project: Project, options: Options, output: Output) => Promise<void>,
): Promise<void> {
  const { project, output } = open(options)
  if (options.dryRun) return run(project, options, output)
  handleInterrupts()
  await alone(
    project.package.name,
    (line) => output.warn(line),
    () => run(project, options, output),
  )
}
