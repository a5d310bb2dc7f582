import type { Documents } from '../cli/documents.ts'
import type { Project } from '../manifest/manifest.ts'
import { loadedNames } from '../manifest/names.ts'
import { type Output, wrap } from '../run/output.ts'
import type { SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { modprobeLines, showModprobeLine } from '../system/modprobe.ts'
import { loadedModules } from '../system/modules.ts'
import { chronyOffer } from './chrony.ts'
import { headersFailure } from './find-headers.ts'
import type { InstallInput } from './plan.ts'
import { adviseBoot } from './read-boot.ts'

/** Who boots next finds nothing loaded, by lines that modprobe itself passes over. */
function loadingNotes(modules: string[]): string[] {
  return modprobeLines(modules).flatMap((line) => {
    const { message, mend } = showModprobeLine(line)
    return [...wrap('', `${message}.`), `  try: ${mend}`]
  })
}

/** What there is now, and what is still to be done. */
export function tellResult(
  project: Project,
  input: InstallInput,
  left: Kernel[],
  changed: boolean,
  output: Output,
): void {
  const { name } = project.package
  const boot = adviseBoot(project)
  const document: Documents['install'] = {
    package: name,
    version: project.version,
    kernels: input.releases,
    left: left.map(({ release }) => release),
    changed,
    loaded: loadedModules(loadedNames(project)).map((module) => module.name),
    boot: boot?.message ?? null,
  }
  const already = changed ? '' : ' already'
  output.result(document, () => [
    `${name} ${project.version} is installed${already} for ${input.releases.join(', ')}.`,
    'dkms will rebuild it at each kernel upgrade.',
    'To see whether it works: vmmci-dkms smoke',
    ...(boot ? wrap('', boot.message) : []),
    ...(boot?.mend ? [`  try: ${boot.mend}`] : []),
    ...loadingNotes(input.modules),
    ...[chronyOffer(project) ?? []].flat(),
  ])
}

/** A kernel that keeps what it has is named, with what would bring it this version. */
export async function tellLeft(facts: SystemFacts, left: Kernel[], output: Output): Promise<void> {
  for (const kernel of left) {
    const failure = await headersFailure(facts, kernel)
    output.warn(`${failure?.message} It keeps the older modules that it has.`)
    if (failure?.more.mend) output.warn(`  try: ${failure.more.mend}`)
  }
}
