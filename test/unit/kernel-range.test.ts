import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  missingSeries,
  patternOf,
  rangeOf,
  seriesPattern,
} from '../../scripts/manifest/kernel-range.ts'

const releases = [
  ...['2.6.12', '3.0.101', '3.16.0-4-amd64', '4.3.9', '4.4.0-1-amd64', '4.19.0-rc1', '5.0.1'],
  ...[
    '5.4.0-generic',
    '5.5.0',
    '5.9.16',
    '5.10.0-32-amd64',
    '5.15.3',
    '5.150.0',
    '6.0.19',
    '6.1.0-50-amd64',
  ],
  ...[
    '6.2.16-pve',
    '6.12.117+deb13-amd64',
    '7.0.1',
    '7.99.0',
    '10.4.0',
    '39.1.0',
    '40.4.0',
    '45.0.0',
  ],
]

/** A range, and which of these kernels dkms is to build for. */
const ranges: [range: string, fits: string[]][] = [
  ['>=4.4 <5.5', ['4.4.0-1-amd64', '4.19.0-rc1', '5.0.1', '5.4.0-generic']],
  ['5.15.x || >=6.1 <6.12', ['5.15.3', '6.1.0-50-amd64', '6.2.16-pve']],
  [
    '4.x || 6.x',
    [
      '4.3.9',
      '4.4.0-1-amd64',
      '4.19.0-rc1',
      '6.0.19',
      '6.1.0-50-amd64',
      '6.2.16-pve',
      '6.12.117+deb13-amd64',
    ],
  ],
  ['>=5.4 <5.6 || 5.9.x || 5.15.x', ['5.4.0-generic', '5.5.0', '5.9.16', '5.15.3']],
  ['<3.0', ['2.6.12']],
  [
    '<=4.3 || >=7',
    ['2.6.12', '3.0.101', '3.16.0-4-amd64', '4.3.9', '7.0.1', '7.99.0', '10.4.0', '39.1.0'],
  ],
  ['3.16.0 - 3.99.x', ['3.16.0-4-amd64']],
]

for (const [range, fits] of ranges)
  test(`dkms builds for no other kernels than ${range}`, () => {
    const pattern = new RegExp(seriesPattern(range) ?? assert.fail('there is no pattern'))
    assert.deepEqual(
      releases.filter((release) => pattern.test(release)),
      fits,
    )
  })

for (const [range, pattern] of [
  ['6.12.x', '^(6\\.(12))([^0-9]|$)'],
  ['5.10.x || 5.12.x || 6.1.x', '^(5\\.(10|12)|6\\.(1))([^0-9]|$)'],
  ['>=5.95 <8', '^(5\\.(9[5-9])|((6|7))\\.[0-9]+)([^0-9]|$)'],
] as const)
  test(`a pattern is short and can be read: ${range}`, () => {
    assert.equal(seriesPattern(range), pattern)
  })

for (const range of ['>=4.14.0', '>5.10.0', '>=4.14.0 >=5.10.0', '>=5.10.0 || >=6.1.0'])
  test(`a floor needs no pattern: ${range}`, () => {
    assert.equal(seriesPattern(range), undefined)
  })

test('where there must be a pattern a floor is one too', () => {
  const floor = new RegExp(patternOf('>=6.1'))
  const fits = releases.filter((release) => floor.test(release))
  assert.deepEqual(
    fits,
    releases.slice(releases.indexOf('6.1.0-50-amd64'), releases.indexOf('40.4.0')),
  )
  assert.equal(patternOf('6.12.x'), seriesPattern('6.12.x'))
})

for (const [range, divides] of [
  ['>=6.12.0 <6.13.0', false],
  ['>=6.12', false],
  ['>=6.12.3', true],
  ['<2.6.12', true],
  ['5.15.x || 6.1.7', true],
  ['>=5.15.1 <5.15.9', true],
  ['>=5.10 <=5.15', false],
  ['>=5.10 <=5.15.0', true],
  ['*', false],
] as const)
  test(`${range} ${divides ? 'divides a series' : 'has whole series'}`, () => {
    assert.equal(missingSeries(range), divides)
  })

/** BUILD_EXCLUSIVE_KERNEL of somebody's dkms.conf, and the range. */
const patterns: [pattern: string, range: string | undefined][] = [
  ['^6\\..*', '>=6.0.0 <7.0.0'],
  ['^5\\.(4|8|10)\\.', '>=5.4.0 <5.5.0 || >=5.8.0 <5.9.0 || >=5.10.0 <5.11.0'],
  // By one figure, who writes it means all that follows.
  ['^[7-9]\\.', '>=7.0.0'],
  ['^(9\\.|10\\.0)', '>=9.0.0 <10.1.0'],
  ['^(6|9)\\.', '>=6.0.0 <7.0.0 || >=9.0.0'],
  ['^11\\.', '>=11.0.0 <12.0.0'],
  ['^39\\.', '>=39.0.0'],
  ['.', '>=2.0.0'],
  ['^6\\.12\\.0-', undefined],
  ['^(6\\.1|6\\.12\\.0-|7\\.)', '>=6.1.0 <6.2.0 || >=6.10.0 <6.20.0 || >=7.0.0 <8.0.0'],
  ['^(6\\.1\\.|6\\.12\\.0-)', undefined],
  ['^one', undefined],
]

for (const [pattern, range] of patterns)
  test(`the range of ${pattern}`, () => assert.equal(rangeOf(new RegExp(pattern)), range))
