import { Failure } from '../run/failure.ts'
import { wrap } from '../run/output.ts'
import { packageVersions } from './versions.ts'

/** One version's part of CHANGELOG.md. */
export interface Release {
  version: string
  /** Midnight of its day, UTC. */
  date: Date
  /** One paragraph each, in plain text. */
  changes: string[]
}

/** "### Fixed", and where the versions lead to: what keepachangelog.com has between lists and after them. */
const beside = /^(#|\[[^\]]+\]: )/

/** What keepachangelog.com has at the top: what will be in a version that is none yet. */
const unreleased = /^\[?unreleased\]?\s/i

/**
 * Parses CHANGELOG.md: "## VERSION - YYYY-MM-DD", then a list. Newest first, as it stands. Throws a
 * Failure of kind package where there is no such heading, or one that is no version and date.
 */
export function parseChangelog(text: string): Release[] {
  const parts = text
    .split(/^## /m)
    .slice(1)
    .filter((part) => !unreleased.test(part))
  if (parts.length === 0) throw bad('has no version')
  return parts.map((part) => {
    const [heading = '', ...lines] = part.split('\n')
    const [, version, day] = /^\[?v?([^\s\]]+)\]? - (\d{4}-\d\d-\d\d)$/.exec(heading.trim()) ?? []
    const date = new Date(`${day}T00:00:00Z`)
    if (!version || !/\d/.test(version) || Number.isNaN(date.getTime()))
      throw bad(`has a heading that is no "VERSION - YYYY-MM-DD": ${heading}`)
    const text = lines.filter((line) => !beside.test(line)).join('\n')
    const [, ...items] = text.split(/^- /m)
    const changes = items.map((item) => item.replaceAll('`', '').split(/\s+/).join(' ').trim())
    return { version, date, changes }
  })
}

const bad = (what: string) =>
  new Failure('package', `CHANGELOG.md ${what}.`, { mend: 'less CHANGELOG.md' })

/** The entries of a debian/changelog; a Debian revision is no part of the package's own version. */
export function parseDebianChangelog(text: string): Release[] {
  const entries = text.matchAll(/^\S+ \(([^)]+)\)[^\n]*\n([\s\S]*?)^ -- [^>]*> {2}(.+)$/gm)
  return [...entries].map(([, version = '', body = '', date = '']) => ({
    version: version.replace(/^\d+:/, '').replace(/-[^-]*$/, ''),
    date: new Date(date),
    changes: body
      .split(/^ {2}\* /m)
      .slice(1)
      .map((change) => change.split(/\s+/).join(' ').trim()),
  }))
}

/** debian/changelog, as deb-changelog(5) has it. */
export function debianChangelog(releases: Release[], name: string, maintainer: string): string {
  return releases
    .map(({ version, date, changes }) =>
      [
        `${name} (${packageVersions(version).debVersion}) unstable; urgency=medium`,
        '',
        ...changes.flatMap((change) => wrap('  * ', change)),
        '',
        ` -- ${maintainer}  ${date.toUTCString().replace('GMT', '+0000')}`,
        '',
      ].join('\n'),
    )
    .join('\n')
}

/** What follows %changelog in a spec file. */
export function rpmChangelog(releases: Release[], maintainer: string): string {
  return releases
    .map(({ version, date, changes }) => {
      const [weekday, day, month, year] = date.toUTCString().replace(',', '').split(' ')
      return [
        `* ${weekday} ${month} ${day} ${year} ${maintainer} - ${packageVersions(version).rpmVersion}-1`,
        ...changes.flatMap((change) => wrap('- ', change)),
        '',
      ].join('\n')
    })
    .join('\n')
}
