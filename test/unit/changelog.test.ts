import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debianChangelog, parseChangelog, rpmChangelog } from '../../scripts/package/changelog.ts'
import { packageVersions } from '../../scripts/package/versions.ts'

const text = `# Changelog

## 1.1.0 - 2026-12-01

- \`one\` thing
  over two lines.
- Another.

## 1.0.0 - 2026-11-24

- First.
`
const releases = parseChangelog(text)
const who = 'A B <a@b>'

test('a changelog is read', () => {
  assert.deepEqual(
    releases.map(({ version, date, changes }) => [version, date.toISOString(), changes]),
    [
      ['1.1.0', '2026-12-01T00:00:00.000Z', ['one thing over two lines.', 'Another.']],
      ['1.0.0', '2026-11-24T00:00:00.000Z', ['First.']],
    ],
  )
})

for (const [name, wrong] of [
  ['no version', '# Changelog\n'],
  ['a version that is none', '## one - 2026-12-01\n'],
  ['a date that is none', '## 1.0.0 - 2026-13-01\n'],
  ['a heading without a date', '## 1.0.0\n'],
] as const)
  test(`${name} is refused`, () => {
    assert.throws(() => parseChangelog(wrong), { name: 'Failure', kind: 'package' })
  })

test('as Debian has it', () => {
  assert.equal(
    debianChangelog(releases, 'x', who).split('\n\n x')[0],
    [
      'x (1.1.0) unstable; urgency=medium',
      '',
      '  * one thing over two lines.',
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
  assert.deepEqual(rpmChangelog(releases, who).split('\n').slice(0, 3), [
    '* Tue Dec 01 2026 A B <a@b> - 1.1.0-1',
    '- one thing over two lines.',
    '- Another.',
  ])
})

test('a version before a release is older than it, for each packager', () => {
  assert.deepEqual(packageVersions('1.0.0-rc.2'), {
    debVersion: '1.0.0~rc.2',
    rpmVersion: '1.0.0~rc.2',
    archVersion: '1.0.0rc.2',
    alpineVersion: '1.0.0_rc2',
  })
})
