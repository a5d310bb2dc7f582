import type { Project } from '../manifest/manifest.ts'
import type { SystemFacts } from '../system/facts.ts'
import { isInstalled } from './find-headers.ts'

/** The packages that a manifest's build needs here beside headers and a compiler, and that are not there. */
export async function missingNeeds(project: Project, facts: SystemFacts): Promise<string[]> {
  const manager = facts.distribution?.manager
  const names = (manager && project.needs?.[manager]) ?? []
  const there = await Promise.all(
    names.map((name) => manager !== undefined && isInstalled(manager, name)),
  )
  return names.filter((_, i) => !there[i])
}
