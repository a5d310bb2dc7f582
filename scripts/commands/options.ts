import { loadManifest } from '../manifest/load.ts'
import type { Project } from '../manifest/manifest.ts'
import { Output, type OutputOptions } from '../output.ts'
import type { KernelOptions } from '../select.ts'
import { ownManifest } from '../source-tree.ts'

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
