import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalHint } from '../../scripts/build/hints.ts'
import { checkLines, checkLog, checkValue, relevantLog, tap } from '../../scripts/look/smoke.ts'
import type { Smoke } from '../../scripts/manifest/manifest.ts'
import { type KernelLog, parseDmesg } from '../../scripts/system/kernel-log.ts'

const smoke: Smoke = {
  expect: [
    { pattern: 'found device', reason: 'the device is there' },
    { pattern: 'started', reason: 'the driver is bound' },
  ],
  forbid: [{ pattern: '\\bWARNING:', reason: 'something is wrong' }],
}

const log = (...texts: string[]): KernelLog => ({
  lines: texts.map((text, sequence) => ({ sequence, text })),
  wrapped: false,
})

const results = (seen: KernelLog) => checkLog(seen, smoke).map((check) => check.result)

test('all that is expected and nothing that is forbidden passes', () => {
  assert.deepEqual(results(log('found device', 'started')), ['pass', 'pass', 'pass'])
})

test('a line that is missing fails, and so does one that is forbidden', () => {
  assert.deepEqual(results(log('found device', 'WARNING: at x.c:1')), ['pass', 'fail', 'fail'])
})

test('a line that a wrapped buffer may have held is unknown, not failed', () => {
  assert.deepEqual(results({ ...log('noise'), wrapped: true }), ['unknown', 'unknown', 'pass'])
})

test('each line is told of by what it means, with what was seen', () => {
  const wrong = checkLog(log('found device 7', 'WARNING: at x.c:1'), smoke)
  assert.deepEqual(wrong, [
    { label: 'the device is there', result: 'pass', why: 'found device 7' },
    {
      label: 'the driver is bound',
      result: 'fail',
      why: 'no line of the kernel log matches started',
    },
    {
      label: 'no sign that something is wrong',
      result: 'fail',
      why: 'WARNING: at x.c:1',
      mend: 'dmesg | less',
    },
  ])
  const [lost, , well] = checkLog({ ...log('noise'), wrapped: true }, smoke)
  assert.equal(lost?.why, 'the kernel log has wrapped, and its beginning is gone')
  assert.deepEqual(well, {
    label: 'no sign that something is wrong',
    result: 'pass',
    why: 'nothing in the kernel log',
  })
})

test('of a manifest that expects nothing all of the log counts', () => {
  const seen: KernelLog = { ...log('one', 'two'), wrapped: true }
  assert.deepEqual(relevantLog(seen, {}), seen)
  assert.deepEqual(relevantLog(seen, { expect: [] }), seen)
  assert.deepEqual(checkLog(seen, {}), [])
})

test('where the beginning was seen, a wrapped buffer has lost nothing', () => {
  const seen: KernelLog = { ...log('found device', 'noise'), wrapped: true }
  assert.deepEqual(relevantLog(seen, smoke), { ...seen, wrapped: false })
  assert.deepEqual(relevantLog(seen, smoke, 1), { lines: seen.lines.slice(1), wrapped: false })
  assert.equal(relevantLog({ ...seen, lines: [] }, smoke).wrapped, true)
})

test('only what was said since the modules were loaded counts', () => {
  const seen = log('WARNING: of others', 'found device', 'started', 'found device', 'WARNING: ours')
  assert.deepEqual(
    relevantLog(seen, smoke).lines.map((line) => line.text),
    ['found device', 'WARNING: ours'],
  )
  assert.deepEqual(
    relevantLog(seen, smoke, 2).lines.map((line) => line.sequence),
    [2, 3, 4],
  )
  assert.equal(relevantLog(log('noise'), smoke).lines.length, 1)
})

const drift = { label: 'drift', path: '/sys/x', minimum: -5, maximum: 5, reason: 'clocks agree' }

for (const [value, result] of [
  ['0', 'pass'],
  ['-5', 'pass'],
  ['5', 'pass'],
  ['5.1', 'fail'],
  ['-6', 'fail'],
  ['', 'fail'],
  ['none', 'fail'],
  [undefined, 'fail'],
] as const)
  test(`a value of ${value} within -5 to 5: ${result}`, () => {
    assert.equal(checkValue(drift, value).result, result)
  })

/** What is expected of a value, the value, and what people are told of it. */
const told: [expectation: object, value: string | undefined, why: string][] = [
  [{ minimum: -5, maximum: 5 }, '6', '6 is above 5: clocks agree'],
  [{ minimum: -5 }, '-6', '-6 is below -5: clocks agree'],
  [{ maximum: 5 }, 'none', 'none is no number: clocks agree'],
  [{ maximum: 5 }, '-600', '-600'],
  [{ pattern: '^A' }, 'B', 'B does not match ^A: clocks agree'],
  [{ maximum: 5e6, unit: 'ns' }, '7500000', '7.500 ms is above 5000000: clocks agree'],
  [{}, 'anything', 'anything'],
  [{}, undefined, '/sys/x cannot be read'],
]

for (const [expectation, value, why] of told)
  test(`told of a value: ${why}`, () => {
    const all = { label: 'drift', path: '/sys/x', reason: 'clocks agree', ...expectation }
    assert.equal(checkValue(all, value).why, why)
  })

test('a value against a pattern', () => {
  const features = { label: 'features', path: '/sys/x', pattern: '^A\\b', reason: 'A is offered' }
  assert.equal(checkValue(features, 'A B').result, 'pass')
  assert.equal(checkValue(features, 'B').result, 'fail')
})

test('dmesg is understood in the ways it is printed', () => {
  const text = [
    '[    0.000000] Linux version 6.12.1',
    '<6>[    1.500000] second',
    '[   12.000001][  T123] third',
    'of no time',
    '',
  ].join('\n')
  assert.deepEqual(parseDmesg(text), {
    wrapped: false,
    lines: [
      { sequence: 0, text: 'Linux version 6.12.1' },
      { sequence: 1500000, text: 'second' },
      { sequence: 12000001, text: 'third' },
    ],
  })
  assert.equal(parseDmesg('[   12.000001] late\n').wrapped, true)
})

test('lines keep to 80 columns, and a mend is a line of its own', () => {
  const lines = checkLines({
    label: 'x',
    result: 'fail',
    why: Array(30).fill('word').join(' '),
    mend: 'dmesg',
  })
  assert.ok(lines.every((line) => line.length <= 80))
  assert.equal(lines.at(-1)?.trim(), 'try: dmesg')
})

for (const [result, mark] of [
  ['pass', 'ok'],
  ['fail', 'NO'],
  ['unknown', '??'],
] as const)
  test(`a check that is ${result} is shown as ${mark}`, () => {
    assert.deepEqual(checkLines({ label: 'x', result, why: 'y' }), [`${mark}  x: y`])
  })

test('TAP counts, and a check that could not be made is skipped', () => {
  assert.deepEqual(
    tap([
      { label: 'a', result: 'pass', why: '' },
      { label: 'b #1', result: 'fail', why: 'a "quoted" reason' },
      { label: 'c', result: 'unknown', why: 'wrapped' },
    ]),
    [
      'TAP version 14',
      '1..3',
      'ok 1 - a',
      'not ok 2 - b \\#1',
      '  ---',
      '  message: "a \\"quoted\\" reason"',
      '  ...',
      'ok 3 - c # SKIP wrapped',
    ],
  )
})

test('what modprobe says is put in words', () => {
  const said = (what: string) =>
    refusalHint(`modprobe: ERROR: could not insert 'virtio_vmmci': ${what}`)?.hint
  assert.match(said('Key was rejected by service') ?? '', /signed with a key it knows/)
  assert.match(said('Exec format error') ?? '', /built for another kernel/)
  assert.equal(said('Cannot allocate memory'), undefined)
  assert.match(
    refusalHint('modprobe: FATAL: Module x not found in directory /lib/modules/6.1')?.hint ?? '',
    /not installed for this kernel/,
  )
})
