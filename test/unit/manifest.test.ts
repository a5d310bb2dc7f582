import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import { home } from '../../scripts/home.ts'
import { loadManifest, parseManifest } from '../../scripts/manifest/load.ts'
import { Failure } from '../../scripts/run/failure.ts'

const text = readFileSync(ownManifest, 'utf8')

/** The own manifest with a change, as text that keeps its shape. */
function changed(change: (document: Record<string, unknown>) => void): string {
  const document = JSON.parse(text)
  change(document)
  return JSON.stringify(document, null, 2)
}

function mistakes(input: string): readonly string[] {
  try {
    parseManifest(input, 'm.json')
  } catch (error) {
    assert.ok(error instanceof Failure)
    assert.equal(error.kind, 'manifest')
    return error.more.details ?? []
  }
  return []
}

test('the own manifest is right, and its version is package.json’s', () => {
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  assert.equal(loadManifest(ownManifest).version, version)
})

const bad: [string, string, RegExp][] = [
  ['not JSON', '{ "package": ', /^m\.json:1:\d+: /],
  ['a comment', '{ // no\n}', /invalid comment token/],
  [
    'a wrong type',
    changed((m) => Object.assign(m, { sources: 'Kbuild' })),
    /^m\.json:\d+:\d+: \/sources: "Kbuild" must be array/,
  ],
  [
    'an unknown key',
    changed((m) => Object.assign(m, { moduels: [] })),
    /unknown key "moduels"; did you mean "modules"\?/,
  ],
  [
    'a nested unknown key',
    changed((m) => Object.assign(m.kernel as object, { ranges: '' })),
    /\/kernel\/ranges: unknown key "ranges"; did you mean "range"\?/,
  ],
  [
    'a missing key',
    changed((m) => Reflect.deleteProperty(m, 'package')),
    /must have required property 'package'/,
  ],
  [
    'no range at all',
    changed((m) => Object.assign(m.kernel as object, { range: 'new' })),
    /\/kernel\/range: "new" is not a version range/,
  ],
  [
    'a range no kernel fits',
    changed((m) => Object.assign(m.kernel as object, { range: '>=5 <4' })),
    /no kernel fits ">=5 <4"/,
  ],
  [
    'a range before Linux',
    changed((m) => Object.assign(m.kernel as object, { range: '<2.0.0' })),
    /no kernel fits/,
  ],
  [
    'an option named twice',
    changed((m) =>
      (m.kernel as { options: { recommended: object[] } }).options.recommended.push({
        name: 'CONFIG_PCI',
        reason: 'again',
      }),
    ),
    /option CONFIG_PCI is named twice/,
  ],
  [
    'a module named twice',
    changed((m) => (m.modules as object[]).push({ name: 'virtio_vmmci' })),
    /module virtio_vmmci is named twice/,
  ],
  [
    'a broken pattern',
    changed((m) => Object.assign(m, { smoke: { expect: [{ pattern: '(', reason: '' }] } })),
    /\/smoke\/expect\/0\/pattern/,
  ],
  ...['/sys/../etc/shadow', '/sys/class/..', '/sys/a\nb', '/etc/shadow'].map(
    (path): [string, string, RegExp] => [
      `a status from ${JSON.stringify(path)}`,
      changed((m) => (m.status as object[]).push({ label: 'x', path })),
      /\/status\/\d+\/path: "[^"]+" does not fit the pattern/,
    ],
  ),
  [
    'a value that leads out of /proc/sys',
    changed((m) =>
      Object.assign(m.smoke as object, {
        values: [{ label: 'x', path: '/proc/sys/../1/environ', reason: 'x' }],
      }),
    ),
    /\/smoke\/values\/0\/path: "[^"]+" does not fit the pattern/,
  ],
  [
    'a parameter to be written that is none',
    changed((m) => Object.assign(m.clock as object, { measure: '/sys/module/../../etc/passwd' })),
    /\/clock\/measure: "[^"]+" does not fit the pattern/,
  ],
  [
    "an option in the place of a package's name",
    changed((m) =>
      Object.assign(m, {
        distributions: [
          {
            ...{
              ids: ['x'],
              name: 'X',
              manager: 'apt',
              dkms: [],
              toolchain: [],
              defaultHeaders: {},
            },
            flavours: [{ name: 'x', pattern: 'x', headers: '--purge', metapackage: 'x' }],
          },
        ],
      }),
    ),
    /\/headers: "--purge" does not fit the pattern/,
  ],
  [
    'a source outside',
    changed((m) => (m.sources as string[]).push('../package.json')),
    /\/sources\/\d+: "[^"]+" does not fit the pattern/,
  ],
]

for (const [what, input, expected] of bad)
  test(`a manifest with ${what} is refused`, () => {
    const found = mistakes(input)
    assert.ok(
      found.some((line) => expected.test(line)),
      found.join('\n') || 'no mistake found',
    )
  })

test('all mistakes are reported at once, each at its own line', () => {
  const found = mistakes(
    changed((m) => {
      Object.assign(m, { signing: 'maybe', moduels: [] })
      Object.assign(m.package as object, { summary: 7 })
    }),
  )
  assert.equal(found.length, 3)
  assert.equal(new Set(found.map((line) => line.split(':')[1])).size, 3)
})
