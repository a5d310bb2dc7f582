import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadManifest, parseManifest } from '../../scripts/manifest/load.ts'
import { Failure } from '../../scripts/run/failure.ts'
import { theirManifest } from '../support/somebody.ts'
import { Tree } from '../support/tree.ts'

function failure(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof Failure)
    return error
  }
  assert.fail('no mistake was found')
}

const about = { name: 'their', summary: 'Theirs' }
const plainName = '^[A-Za-z0-9][A-Za-z0-9.+_-]*$'

/** What is said of a manifest that has more than the plainest; without the file's name. */
const said = (more: object): string[] => {
  const text = JSON.stringify({ package: about, ...more }, null, 1)
  const { details = [] } = failure(() => parseManifest(text, 'm.json')).more
  return details.map((line) => line.replace(/^m\.json:/, ''))
}

const sentences: [what: string, more: object, ...said: string[]][] = [
  [
    'a key with two letters exchanged',
    { kernel: { ragne: '' } },
    '7:3: /kernel/ragne: unknown key "ragne"; did you mean "range"?',
  ],
  [
    'a long key without three of its letters',
    { kernel: { achitctres: [] } },
    '7:3: /kernel/achitctres: unknown key "achitctres"; did you mean "architectures"?',
  ],
  [
    'a key that is like no other',
    { kernel: { rxxxe: '' } },
    '7:3: /kernel/rxxxe: unknown key "rxxxe"; known are range, architectures, options',
  ],
  [
    'a word that is none of some',
    { signing: 'maybe' },
    '6:2: /signing: "maybe" is none of auto, require, never (Sign if enforcement is on or a key is there (not said); always; never)',
  ],
  [
    'a name with a space',
    { package: { ...about, name: 'a b' } },
    `3:3: /package/name: "a b" does not fit the pattern ${plainName} (dkms PACKAGE_NAME, and the packages' name)`,
  ],
  [
    'a version that begins with a hyphen',
    { package: { ...about, version: '-1' } },
    '5:3: /package/version: "-1" does not fit the pattern ^[A-Za-z0-9][A-Za-z0-9.+~_-]*$ (As it is. Not said: what package.json, dkms.conf or the sources say)',
  ],
  [
    'a name in a list, without a word on what it means',
    { after: ['base', '-x'] },
    '8:3: /after/1: "-x" does not fit the pattern ^[A-Za-z0-9][A-Za-z0-9.+_:-]*$',
  ],
  [
    'a key that is missing',
    { package: { name: 'their' } },
    "2:2: /package: must have required property 'summary'",
  ],
  [
    'a variable with a hyphen',
    { make: [{ environment: { 'A-B': '' } }] },
    '9:5: /make/0/environment/A-B: "A-B" does not fit the pattern ^[A-Za-z_][A-Za-z0-9_]*$',
  ],
  [
    'words for some kernels, without a word on which',
    { make: [{ also: [{ words: ['A=1'] }] }] },
    "9:5: /make/0/also/0: must have required property 'kernel'",
  ],
  [
    'a value of another type',
    { make: true },
    '6:2: /make: true must be array (How it is built, in order. Not said: kbuild in the top folder)',
  ],
  [
    'a value of another type, without a word on what it means',
    { modules: [7] },
    '7:3: /modules/0: 7 must be object',
  ],
  [
    'a value of another type, where it must be one of some words',
    { signing: 7 },
    '6:2: /signing: 7 is none of auto, require, never (Sign if enforcement is on or a key is there (not said); always; never)',
  ],
  [
    'a place that is not allowed',
    { install: { files: { '/etc/passwd': 'x' } } },
    '8:4: /install/files//etc/passwd: "/etc/passwd" does not fit the pattern ^(/etc/',
  ],
  [
    'a value below a key with slashes',
    { install: { files: { '/etc/sysctl.d/1.conf': 'x', '/etc/sysctl.d/a.conf': 7 } } },
    '9:4: /install/files//etc/sysctl.d/a.conf: 7 must be string (What is put there)',
  ],
  [
    'values below keys with digits in them',
    { modules: [{ name: 'a', parameters: { '5x': 7, x5: 8 } }] },
    '10:5: /modules/0/parameters/5x: 7 must be string',
    '11:5: /modules/0/parameters/x5: 8 must be string',
  ],
  [
    'the eleventh of a list',
    { sources: [...'abcdefghij', '-'] },
    '17:3: /sources/10: "-" does not fit the pattern ',
  ],
]

for (const [what, more, ...expected] of sentences)
  test(`said with its place: ${what}`, () => {
    const found = said(more)
    assert.equal(found.length, expected.length, found.join('\n'))
    // A pattern can be long; where it is the last that is said, its beginning will do.
    for (const [i, sentence] of expected.entries())
      assert.equal(
        /pattern (\^\(\/etc\/)?$/.test(sentence) ? found[i]?.slice(0, sentence.length) : found[i],
        sentence,
      )
  })

for (const [length, shown] of [
  [48, `"${'x'.repeat(48)}"`],
  [49, `"${'x'.repeat(49)}…`],
] as const)
  test(`${length} letters are shown ${length > 48 ? 'in short' : 'as they are'}`, () => {
    assert.deepEqual(said({ modules: ['x'.repeat(length)] }), [
      `7:3: /modules/0: ${shown} must be object`,
    ])
  })

test('one mistake and several are told of, and how the file is changed', () => {
  const parse = (more: object) => () =>
    parseManifest(JSON.stringify({ package: about, ...more }), "their file's.json")
  const mend = `"\${EDITOR:-vi}" 'their file'\\''s.json'`
  const one = failure(parse({ make: 7 }))
  assert.deepEqual(
    [one.kind, one.message, one.more.mend],
    ['manifest', "their file's.json has a mistake.", mend],
  )
  const two = failure(parse({ make: 7, kernel: 7 }))
  assert.deepEqual(
    [two.kind, two.message, two.more.mend],
    ['manifest', "their file's.json has 2 mistakes.", mend],
  )
})

for (const [text, ...details] of [
  ['{\n  "package": nope\n}', 'm.json:2:14: invalid symbol', 'm.json:3:1: value expected'],
  ['{ // no\n}', 'm.json:1:3: invalid comment token'],
  ['{ "a": 1', 'm.json:1:9: close brace expected'],
] as const)
  test(`not JSON: ${JSON.stringify(text)}`, () => {
    const { message, more } = failure(() => parseManifest(text, 'm.json'))
    assert.equal(message, 'm.json is not JSON.')
    assert.deepEqual(more.details, details)
  })

test('nothing at all is not JSON', () => {
  assert.equal(failure(() => parseManifest('', 'm.json')).message, 'm.json is not JSON.')
})

test('what is missing is told of where it should be', () => {
  const text = `\n ${JSON.stringify({ package: about, after: ['a'] }, null, 1)}`
  const { document, fail } = parseManifest(text, 'm.json')
  assert.deepEqual(document.package, about)
  const places = [[], ['package', 'version', 'x'], ['after', 0], ['smoke']]
  const { details } = fail(places.map((path) => ({ path, message: 'is gone' }))).more
  assert.deepEqual(details, [
    'm.json:2:2: /: is gone',
    'm.json:3:2: /package/version/x: is gone',
    'm.json:8:3: /after/0: is gone',
    'm.json:2:2: /smoke: is gone',
  ])
})

test('a manifest that cannot be read is told of by its whole path', () => {
  const file = new Tree().at('/no such.json')
  const { kind, message, more } = failure(() => loadManifest(file))
  assert.deepEqual(
    [kind, message, more],
    ['manifest', `The manifest ${file} cannot be read.`, { mend: `ls -l '${file}'` }],
  )
})

test('what cannot be found out is told of by the file’s name as it was given', () => {
  const file = theirManifest({ sources: ['their.c'] })
  const { message, more } = failure(() => loadManifest(file))
  assert.equal(message, `${file} has a mistake.`)
  assert.deepEqual(more.details, [
    `${file}:1:1: /: what modules are built cannot be found out: say it as "modules"`,
  ])
})
