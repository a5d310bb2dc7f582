import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  debianChangelog,
  parseChangelog,
  parseDebianChangelog,
  type Release,
  rpmChangelog,
} from '../../scripts/package/changelog.ts'

const text = `# Changelog

What is new, see ## below.

## 1.1.0 - 2026-12-01

- \`one\` thing
  over two lines, ## and - no heading.
- Another.

## 1.0.0 - 2026-11-24

- First.
`
const who = 'A B <a@b>'

/** A release as plain words: its version, the second it is dated by, and what is new. */
const plain = (releases: Release[]) =>
  releases.map(({ version, date, changes }) => [version, date.toISOString(), changes])

test('a changelog is read', () => {
  assert.deepEqual(plain(parseChangelog(text)), [
    [
      '1.1.0',
      '2026-12-01T00:00:00.000Z',
      ['one thing over two lines, ## and - no heading.', 'Another.'],
    ],
    ['1.0.0', '2026-11-24T00:00:00.000Z', ['First.']],
  ])
})

test('headings between changes and links after them are no part of a change', () => {
  const lines = [
    ...['## [1.0.0] - 2026-11-24', '', '### Added', '', '- One.', '', '### Fixed', ''],
    ...['- Two, see [#3].', '', '[1.0.0]: https://example.org/1', '[#3]: https://example.org/3'],
  ]
  assert.deepEqual(parseChangelog(lines.join('\n'))[0]?.changes, ['One.', 'Two, see [#3].'])
})

test('what is not released yet is in no package', () => {
  const text = '# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [1.0.0] - 2026-11-24\n\n- One.\n'
  assert.deepEqual(
    parseChangelog(text).map(({ version, changes }) => [version, changes]),
    [['1.0.0', ['One.']]],
  )
  assert.throws(() => parseChangelog('## Unreleased\n\n- Later.\n'), /has no version/)
})

for (const [heading, version] of [
  ['1.0.0 - 2026-11-24', '1.0.0'],
  ['v1.0.0 - 2026-11-24', '1.0.0'],
  ['[1.0.0] - 2026-11-24', '1.0.0'],
  ['[v2.1rc1] - 2026-11-24 ', '2.1rc1'],
  ['7 - 2026-11-24\r', '7'],
] as const)
  test(`a version is read from "## ${heading.trim()}"`, () => {
    assert.deepEqual(plain(parseChangelog(`## ${heading}\n\n- First.`)), [
      [version, '2026-11-24T00:00:00.000Z', ['First.']],
    ])
  })

test('a changelog without a version is refused', () => {
  assert.throws(() => parseChangelog('# Changelog\n\n### 1.0.0\n'), {
    name: 'Failure',
    kind: 'package',
    message: 'CHANGELOG.md has no version.',
    more: { mend: 'less CHANGELOG.md' },
  })
})

for (const [what, heading] of [
  ['a version that is none', 'one - 2026-12-01'],
  ['a date that is none', '1.0.0 - 2026-13-01'],
  ['a date that is not whole', '1.0.0 - 2026-12'],
  ['no date', '1.0.0'],
  ['no version', '- 2026-12-01'],
  ['words before the version', 'Version 1.0.0 - 2026-12-01'],
  ['words after the date', '1.0.0 - 2026-12-01, a Tuesday'],
] as const)
  test(`a heading with ${what} is refused`, () => {
    assert.throws(() => parseChangelog(`## ${heading}\n\n- First.\n`), {
      name: 'Failure',
      kind: 'package',
      message: `CHANGELOG.md has a heading that is no "VERSION - YYYY-MM-DD": ${heading}.`,
      more: { mend: 'less CHANGELOG.md' },
    })
  })

const debian = `their (1:2.10-3) unstable; urgency=low

  * One thing
    over two lines -- and no end.
  * Another with  * in it.

 -- A B <a@b>  Tue, 01 Dec 2026 10:20:30 +0100

their (2.9-1-12) stable; urgency=low

  * First.

 -- A B <a@b>  Tue, 24 Nov 2026 00:00:00 +0000
`

test('a changelog of Debian’s is read, without what is Debian’s in a version', () => {
  assert.deepEqual(plain(parseDebianChangelog(debian)), [
    [
      '2.10',
      '2026-12-01T09:20:30.000Z',
      ['One thing over two lines -- and no end.', 'Another with * in it.'],
    ],
    ['2.9-1', '2026-11-24T00:00:00.000Z', ['First.']],
  ])
})

test('what is no changelog of Debian’s has no releases', () => {
  assert.deepEqual(parseDebianChangelog(' (1.0-1)\n -- A B <a@b>  Tue, 24 Nov 2026\n'), [])
})

test('as Debian has it', () => {
  assert.equal(
    debianChangelog(parseChangelog(text), 'x', who),
    [
      'x (1.1.0) unstable; urgency=medium',
      '',
      '  * one thing over two lines, ## and - no heading.',
      '  * Another.',
      '',
      ' -- A B <a@b>  Tue, 01 Dec 2026 00:00:00 +0000',
      '',
      'x (1.0.0) unstable; urgency=medium',
      '',
      '  * First.',
      '',
      ' -- A B <a@b>  Tue, 24 Nov 2026 00:00:00 +0000',
      '',
    ].join('\n'),
  )
})

test('as rpm has it', () => {
  assert.equal(
    rpmChangelog(parseChangelog(text), who),
    [
      '* Tue Dec 01 2026 A B <a@b> - 1.1.0-1',
      '- one thing over two lines, ## and - no heading.',
      '- Another.',
      '',
      '* Tue Nov 24 2026 A B <a@b> - 1.0.0-1',
      '- First.',
      '',
    ].join('\n'),
  )
})

test('a long change is broken, and what follows begins below its first word', () => {
  const long = `${'word '.repeat(20)}end`
  const releases = parseChangelog(`## 2.1rc1 - 2026-12-01\n\n- ${long}\n`)
  assert.deepEqual(debianChangelog(releases, 'x', who).split('\n').slice(0, 4), [
    'x (2.1~rc1) unstable; urgency=medium',
    '',
    `  * ${'word '.repeat(15).trim()}`,
    `    ${'word '.repeat(5)}end`,
  ])
  assert.deepEqual(rpmChangelog(releases, who).split('\n').slice(0, 3), [
    '* Tue Dec 01 2026 A B <a@b> - 2.1~rc1-1',
    `- ${'word '.repeat(15).trim()}`,
    `  ${'word '.repeat(5)}end`,
  ])
})
