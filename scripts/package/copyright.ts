import { readFileSync } from 'node:fs'
import type { Project } from '../manifest/manifest.ts'
import { licenseFile } from './files.ts'
import { aboutTools } from './tools.ts'

/** Where every Debian has the texts of licences that many packages have. */
const common = '/usr/share/common-licenses'

/** The notice of one of GNU's licences: `version` as 2 or 2.1. */
const notice = (kind: 'General' | 'Lesser General', version: string, later: boolean) =>
  `This program is free software; you can redistribute it and/or modify it under
the terms of the GNU ${kind} Public License as published by the Free
Software Foundation; ${later ? 'either ' : ''}version ${version} of the License${later ? ', or (at your option) any\nlater version' : ''}.

This program is distributed in the hope that it will be useful, but WITHOUT
ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS
FOR A PARTICULAR PURPOSE. See the GNU ${kind} Public License for more
details.

On Debian systems, the complete text of the GNU ${kind} Public License,
version ${version}, is in ${common}/${kind === 'General' ? 'GPL' : 'LGPL'}-${version}.`

/** What the folder's own file says, unless it is one that every Debian has. */
function ownText(project: Project): string | undefined {
  const file = licenseFile(project)
  const text = file && readFileSync(file, 'utf8')
  return text && !/GNU (LESSER )?GENERAL PUBLIC LICENSE|Apache License/i.test(text)
    ? text
    : undefined
}

/** One licence of an expression, by its SPDX name. */
function textOf(name: string, project: Project): string {
  const [id = '', exception] = name.split(/\s+WITH\s+/i)
  const [, lesser, number = '', later] = /^(L?)GPL-(\d(?:\.\d)?)(-or-later|\+)?/.exec(id) ?? []
  const version = number.replace(/\.0$/, '')
  const text = version
    ? notice(lesser ? 'Lesser General' : 'General', version, later !== undefined)
    : /^(Apache-2\.0|MPL-2\.0|CC0-1\.0)$/.test(id)
      ? `On Debian systems, the complete text of this licence is in ${common}/${id}.`
      : (ownText(project) ?? `The sources say: ${id}.`)
  return exception ? `${text}\n\nWith the exception that SPDX calls ${exception}.` : text
}

/** The names in an SPDX expression, each with its exception. */
const namesIn = (expression: string) => [
  ...new Set(
    expression
      .split(/\s+(?:AND|OR)\s+|[()]/i)
      .map((name) => name.trim())
      .filter(Boolean),
  ),
]

/** A field's further lines: indented, and a dot where one is empty. */
const further = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() ? ` ${line.trimEnd()}` : ' .'))
    .join('\n')

/** debian/copyright, as Debian's machine-readable format has it. */
export function copyrightFile(project: Project, holders: string[]): string {
  const tools = aboutTools(project)
  const { name, license, homepage } = project.package
  const names = namesIn(license)
  return `${[
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}`,
    ...(homepage ? [`Source: ${homepage}`] : []),
    '',
    'Files: *',
    `Copyright: ${holders.join('\n           ')}`,
    `License: ${license.replaceAll(/\s+(AND|OR)\s+/gi, (word) => word.toLowerCase())}`,
    ...names.flatMap((one) => ['', `License: ${one}`, further(textOf(one, project))]),
    ...(tools
      ? [
          '',
          'Files: tools/*',
          `Copyright: ${holders.join('\n           ')}`,
          'License: ISC',
          'Comment: The libraries in its bundle have licences of their own, all of which',
          ` are in /usr/share/${name}-tools/dist/THIRD-PARTY-NOTICES.`,
          '',
          'License: ISC',
          further(tools.licenseText),
        ]
      : []),
  ].join('\n')}\n`
}
