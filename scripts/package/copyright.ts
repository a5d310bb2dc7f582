import { readFileSync } from 'node:fs'
import type { Project } from '../manifest/manifest.ts'
import { licenseFile } from './files.ts'

/** The licence of a Linux module is most often this one, whose text every Debian has. */
const gpl: Record<string, string> = {
  'GPL-2.0-only': 'version 2 of the License',
  'GPL-2.0': 'version 2 of the License',
  'GPL-2.0-or-later': 'either version 2 of the License, or (at your option) any later version',
  'GPL-2.0+': 'either version 2 of the License, or (at your option) any later version',
}

const notice = (
  version: string,
) => `This program is free software; you can redistribute it and/or modify it under
the terms of the GNU General Public License as published by the Free Software
Foundation; ${version}.

This program is distributed in the hope that it will be useful, but WITHOUT
ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS
FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.

On Debian systems, the complete text of the GNU General Public License,
version 2, is in /usr/share/common-licenses/GPL-2.`

/** A field's further lines: indented, and a dot where one is empty. */
const further = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() ? ` ${line.trimEnd()}` : ' .'))
    .join('\n')

function licenseText(project: Project): string {
  const version = gpl[project.package.license]
  if (version) return notice(version)
  const file = licenseFile(project)
  return file ? readFileSync(file, 'utf8') : `The sources say: ${project.package.license}.`
}

/** debian/copyright, as Debian's machine-readable format has it. */
export function copyrightFile(project: Project, holders: string[]): string {
  const { name, license, homepage } = project.package
  return `${[
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}`,
    ...(homepage ? [`Source: ${homepage}`] : []),
    '',
    'Files: *',
    `Copyright: ${holders.join('\n           ')}`,
    `License: ${license}`,
    '',
    `License: ${license}`,
    further(licenseText(project)),
  ].join('\n')}\n`
}
