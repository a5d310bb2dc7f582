import { basename } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { akmsFilling, akmsPatch, onceRead } from './akms.ts'
import { callOf, withEnvironment } from './make.ts'

/** What its last line is where it fails. */
export const programsFailed = 'The programs could not be built.'

/** What builds the programs, in the source tree: the same for an installation and for each package. */
export const programScript = 'build-programs'

/**
 * Its text; undefined where a manifest has no programs. A patch for some kernels only is not for them.
 * Where they go is said, too: a source tree that is as it should be then tells that they are.
 */
export function programBuild(project: Project): string | undefined {
  const { package: about, version, patches = [], programs } = project
  if (!programs) return undefined
  // The schema lets none of the words have a kernel's.
  const filling = { ...akmsFilling(project), source: '$PWD' }
  const made = Object.entries(programs.files).map(([to, from]) => `made ${quote(from)} # ${to}`)
  return `${[
    '#!/bin/sh',
    `# From the manifest of ${about.name} ${version}. Do not edit.`,
    '# Builds the programs, in the folder that it lies in.',
    'set -e',
    '# What they say stays in its order.',
    'exec 2>&1',
    'cd "$(dirname "$0")"',
    `trap '[ $? -eq 0 ] || echo "${programsFailed}"' EXIT`,
    '',
    'made() {',
    '\t[ -f "$1" ] && return',
    '\techo "The build made no $1, which the manifest names."',
    '\treturn 1',
    '}',
    '',
    ...patches
      .filter(({ kernel }) => !kernel)
      .map(({ file }) => akmsPatch(basename(file), undefined)),
    ...programs.make.map((one) => {
      const { env, start, end } = callOf({ ...one, own: true })
      return onceRead([...withEnvironment(env), ...start, ...end], filling)
    }),
    ...made,
  ].join('\n')}\n`
}
