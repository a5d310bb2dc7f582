import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import type { Library } from '../../scripts/tools/notices.ts'
import { bundledCli } from '../support/bundled.ts'

const read = (path: string) => readFileSync(join(home, path), 'utf8')
const dist = dirname(await bundledCli())
const { libraries } = JSON.parse(readFileSync(join(dist, 'built-from.json'), 'utf8')) as {
  libraries: Library[]
}
const notices = readFileSync(join(dist, 'THIRD-PARTY-NOTICES'), 'utf8')

/** The modules, the toolchain. */
const own = ['GPL-2.0-or-later', 'ISC']

test('each library in the bundle has its notice', () => {
  assert.ok(libraries.length > 5)
  for (const { name, version, license } of libraries)
    assert.ok(notices.includes(`\n${name} ${version} (${license})\n`), name)
  assert.ok(notices.split('Copyright').length > libraries.length)
})

test('the package says all licences that are in it, and no other', () => {
  const { license } = JSON.parse(read('package.json')) as { license: string }
  const all = new Set([...own, ...libraries.map((library) => library.license)])
  assert.deepEqual(license.split(' AND ').toSorted(), [...all].sort())
})

test('our own licences are there, and debian/copyright names them', () => {
  for (const license of own) {
    assert.ok(existsSync(join(home, 'LICENSES', `${license}.txt`)))
    assert.match(read('REUSE.toml'), new RegExp(`^SPDX-License-Identifier = "${license}"$`, 'm'))
    assert.match(read('debian/copyright'), new RegExp(`^License: ${license}\n [\\w"]`, 'm'))
  }
})

test('debian/copyright and REUSE.toml agree which files are of the modules', () => {
  const [, paths = ''] = /^path = \[(.*)\]$/m.exec(read('REUSE.toml')) ?? []
  const [, files = ''] = /^Files: (kmod\/.*)$/m.exec(read('debian/copyright')) ?? []
  for (const [, path = ''] of paths.matchAll(/"([^"]+)"/g))
    assert.ok(files.split(' ').includes(path.replace('**', '*')), path)
})
