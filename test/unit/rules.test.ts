import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Manifest } from '../../scripts/manifest/manifest.ts'
import { checkRules } from '../../scripts/manifest/rules.ts'
import { Tree } from '../support/tree.ts'

/** What the rules look at: anything but the rest of a manifest. */
const found = (manifest: object, folder?: string) =>
  checkRules(manifest as Manifest, folder).map(({ path, message }) => [path.join('/'), message])

const distribution = (...ids: string[]) => ({ ids, flavours: [] })

const wrong: [what: string, manifest: object, path: string, says: string][] = [
  [
    "dkms's range is none",
    { dkms: { range: 'new' } },
    'dkms/range',
    '"new" is not a version range, such as ">=4.14.0"',
  ],
  [
    'a kernel range is none',
    { kernel: { range: 'x y' } },
    'kernel/range',
    '"x y" is not a version range, such as ">=4.14.0"',
  ],
  [
    'no kernel is so old',
    { kernel: { range: '<2.6.12' } },
    'kernel/range',
    'no kernel fits "<2.6.12"',
  ],
  [
    'no kernel will be so new',
    { kernel: { range: '>=100' } },
    'kernel/range',
    'no kernel fits ">=100"',
  ],
  [
    'nothing at all fits',
    { kernel: { range: '>=6 <5' } },
    'kernel/range',
    'no kernel fits ">=6 <5"',
  ],
  [
    'a patch for no kernel',
    { patches: [{ file: 'p' }, { file: 'q', kernel: 'one' }] },
    'patches/1/kernel',
    '"one" is not a version range, such as ">=4.14.0"',
  ],
  [
    'a patch divides a series',
    { patches: [{ file: 'p', kernel: '>=6.12.3' }] },
    'patches/0/kernel',
    '">=6.12.3" divides a series: dkms can say 6.12, not 6.12.3',
  ],
  [
    'a module divides a series',
    { modules: [{ name: 'a' }, { name: 'b', kernel: { range: '<6.12.3' } }] },
    'modules/1/kernel/range',
    '"<6.12.3" divides a series: dkms can say 6.12, not 6.12.3',
  ],
  [
    'a call of make divides a series',
    { make: [{}, { kernel: { range: '<6.12.3' } }] },
    'make/1/kernel/range',
    '"<6.12.3" divides a series: dkms can say 6.12, not 6.12.3',
  ],
  [
    'words of make are for no kernel',
    { make: [{ also: [{ kernel: {} }, { kernel: { range: 'one' } }] }] },
    'make/0/also/1/kernel/range',
    '"one" is not a version range, such as ">=4.14.0"',
  ],
  [
    'an option is required twice',
    { kernel: { options: { required: [{ name: 'CONFIG_A' }, { name: 'CONFIG_A' }] } } },
    'kernel/options/required/1/name',
    'option CONFIG_A is named twice',
  ],
  [
    'an option is required and recommended',
    { kernel: { options: { required: [{ name: 'A' }], recommended: [{ name: 'A' }] } } },
    'kernel/options/recommended/0/name',
    'option A is named twice',
  ],
  [
    'a module is named twice',
    { modules: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
    'modules/2/name',
    'module a is named twice',
  ],
  [
    'a module is called as another',
    { modules: [{ name: 'a' }, { name: 'b', as: 'a' }] },
    'modules/1/name',
    'module a is named twice',
  ],
  [
    'a distribution is in two entries',
    { distributions: [distribution('debian'), distribution('x', 'debian')] },
    'distributions/1/ids/1',
    'distribution debian is named twice',
  ],
  [
    'a distribution is twice in one entry',
    { distributions: [distribution('debian', 'debian')] },
    'distributions/0/ids/1',
    'distribution debian is named twice',
  ],
]

for (const [what, manifest, path, says] of wrong)
  test(`refused: ${what}`, () => assert.deepEqual(found(manifest), [[path, says]]))

const right: object[] = [
  {},
  { kernel: {} },
  { kernel: { range: '>=4.14.0', options: {} }, dkms: { range: '>=2.8.0' } },
  { kernel: { range: '2.6.12' } },
  { patches: [{ file: 'p' }, { file: 'q', kernel: '>=6.12' }] },
  { modules: [{ name: 'a' }, { name: 'b' }, { name: 'c', as: 'd' }] },
  { distributions: [distribution('a', 'b'), distribution('c')] },
  { smoke: { expect: [{ pattern: 'a+' }], values: [{ label: 'x' }] } },
]

for (const manifest of right)
  test(`nothing is wrong with ${JSON.stringify(manifest).slice(0, 60)}`, () => {
    assert.deepEqual(found(manifest), [])
  })

const patterns: [string, object][] = [
  ...['expect', 'forbid', 'values', 'interactive'].map((list): [string, object] => [
    `smoke/${list}/1/pattern`,
    { smoke: { [list]: [{ pattern: 'a' }, { pattern: '(' }] } },
  ]),
  ['modules/0/version', { modules: [{ name: 'a', version: '({version}' }] }],
  [
    'distributions/1/flavours/0/pattern',
    { distributions: [distribution('a'), { ids: ['b'], flavours: [{ pattern: '[' }] }] },
  ],
]

for (const [path, manifest] of patterns)
  test(`refused: a pattern that is none at ${path}`, () => {
    const [mistake, ...more] = found(manifest)
    assert.deepEqual(more, [])
    assert.equal(mistake?.[0], path)
    assert.match(mistake?.[1] ?? '', /^Invalid regular expression/)
  })

test('a version pattern may ask for the version', () => {
  assert.deepEqual(found({ modules: [{ name: 'a', version: '^v{version}$' }] }), [])
})

const files = {
  install: {
    udev: 'u.rules',
    chrony: { config: 'c.conf', unit: 'c.service' },
    files: { '/etc/x': 'x' },
  },
  configure: ['run'],
  patches: [{ file: 'p.patch' }],
}

test('each file that is named has to be there', () => {
  const { root } = new Tree()
  const missing = (file: string) => `${file} is not in the manifest's folder`
  assert.deepEqual(found(files, root), [
    ['install/udev', missing('u.rules')],
    ['install/chrony/config', missing('c.conf')],
    ['install/chrony/unit', missing('c.service')],
    ['install/files//etc/x', missing('x')],
    ['configure/0', missing('run')],
    ['patches/0/file', missing('p.patch')],
  ])
  assert.deepEqual(found(files), [])
  const tree = new Tree({ '/run': '#!/bin/sh\n' })
  for (const name of ['u.rules', 'c.conf', 'c.service', 'x', 'p.patch']) tree.put(`/${name}`)
  assert.deepEqual(found(files, tree.root), [])
})

test('what is run before a build says by what', () => {
  const tree = new Tree({ '/run': 'echo\n' })
  assert.deepEqual(found({ configure: ['run', 'x'] }, tree.root), [
    ['configure/0', 'run does not begin with #!'],
  ])
})
