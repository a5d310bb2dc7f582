import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { parseChangelog, parseDebianChangelog, type Release } from './changelog.ts'

/** The day that a manifest says, or the day of the newest source. */
function day(project: Project): Date {
  if (project.package.released) return new Date(`${project.package.released}T00:00:00Z`)
  const newest = Math.max(
    ...project.sources.map((source) => statSync(join(project.folder, source)).mtimeMs),
  )
  return new Date(Math.floor(newest / 86_400_000) * 86_400_000)
}

function read(project: Project): Release[] | undefined {
  const own = join(project.root, 'CHANGELOG.md')
  if (existsSync(own)) return parseChangelog(readFileSync(own, 'utf8'))
  const debian = join(project.root, 'debian/changelog')
  return existsSync(debian) ? parseDebianChangelog(readFileSync(debian, 'utf8')) : undefined
}

/**
 * The package's versions, newest first: what the manifest says of this one, or CHANGELOG.md or
 * debian/changelog, whose first must be the one that is packaged. Without any it is one of today's
 * sources. Throws a Failure.
 */
export function readReleases(project: Project): Release[] {
  const { released, changes } = project.package
  const found = released || changes ? undefined : read(project)
  if (!found)
    return [
      {
        version: project.version,
        date: day(project),
        changes: changes ?? [`Version ${project.version}.`],
      },
    ]
  if (found[0]?.version !== project.version)
    throw new Failure(
      'package',
      `The changelog begins with ${found[0]?.version}, and the version is ${project.version}.`,
      { mend: `"\${EDITOR:-vi}" ${quote(project.file)}` },
    )
  return found
}
