import semver from 'semver'

/** What comes before the release that it is named after. */
const early = /[-_.~]?(alpha|beta|pre|rc|dev)/i

/** The part of a version that says before what it comes; semver has it behind a hyphen. */
function split(version: string): [release: string, before: string] {
  if (semver.valid(version)) {
    const [release = '', ...before] = version.split('-')
    return [release, before.join('-')]
  }
  const at = version.search(early)
  if (at <= 0) return [version, '']
  return [version.slice(0, at), version.slice(at).replace(/^[-_.~]/, '')]
}

/** dpkg, rpm and pacman want a digit first. */
function digitFirst(version: string): string {
  const plain = version.replace(/^[vV](?=\d)/, '')
  return /^\d/.test(plain) ? plain : `0.${plain}`
}

/** apk knows numbers, a letter, and suffixes of its own. */
function forApk(release: string, before: string): string {
  const numbers = /^\d+(\.\d+)*[a-z]?/.exec(digitFirst(release))?.[0] ?? '0'
  const kind = /alpha|beta|pre|rc/i.exec(before)?.[0].toLowerCase()
  return `${numbers}${before ? `_${kind ?? 'pre'}${/\d+/.exec(before)?.[0] ?? ''}` : ''}`
}

/** A version in the ways of dpkg and rpm, pacman, and apk: before a release, not after it. */
export function packageVersions(version: string) {
  const [release, before] = split(version)
  const plain = digitFirst(release)
  const tilde = `${plain}${before && `~${before}`}`.replaceAll(/[-_]/g, '+')
  return {
    debVersion: tilde,
    rpmVersion: tilde,
    // What comes before a release begins with a letter there: a digit would be one of the release's.
    archVersion: `${plain}${before.replace(/^(?=\d)/, 'a')}`.replaceAll(/[-~]/g, '_'),
    alpineVersion: forApk(release, before),
  }
}
