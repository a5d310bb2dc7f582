import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Failure } from '../../scripts/run/failure.ts'
import { theirManifest } from '../support/somebody.ts'

const about = { name: 'their', summary: 'Theirs' }
const load = (...changed: Parameters<typeof theirManifest>) =>
  loadManifest(theirManifest(...changed))

/** What is said of a manifest, without the file's name and the place in it. */
function said(...changed: Parameters<typeof theirManifest>): string[] {
  try {
    load(...changed)
  } catch (error) {
    const { details = [] } = (error as Failure).more
    return details.map((line) => line.replace(/^.*?:\d+:\d+: /, ''))
  }
  return []
}

test('what a manifest does not say is what most mean', () => {
  const { make, kernel, dkms, install, signing } = load()
  assert.deepEqual(
    { make, kernel, dkms, install, signing },
    {
      make: [{}],
      kernel: {
        range: '>=2.6.12',
        architectures: ['x86_64', 'i686', 'aarch64', 'armv7l', 'ppc64le', 'riscv64', 's390x'],
      },
      dkms: { range: '>=2.8.0' },
      install: { location: '/updates/dkms', autoload: 'modalias' },
      signing: 'auto',
    },
  )
})

test('what it says counts', () => {
  const says = {
    make: [{ folder: 'src' }],
    kernel: { range: '>=5.10.0' },
    dkms: { range: '>=3.0.0' },
    install: { autoload: 'none' },
    signing: 'require',
  }
  const { make, kernel, dkms, install, signing } = load(says)
  assert.deepEqual([make, dkms, signing], [says.make, says.dkms, 'require'])
  assert.deepEqual([kernel.range, kernel.architectures.length], ['>=5.10.0', 7])
  assert.deepEqual(install, { location: '/updates/dkms', autoload: 'none' })
})

test('its own distributions come before those that the tool knows', () => {
  const [known] = load().distributions
  const own = { ...known, ids: ['their-linux'], name: 'Their Linux' }
  const ids = load({ distributions: [own] }).distributions.map((one) => one.ids[0])
  assert.equal(ids[0], 'their-linux')
  assert.ok(ids.includes('debian') && ids.includes('arch'))
})

const packageJson = JSON.stringify({
  version: '2.5',
  author: 'C D <c@d>',
  homepage: 'https://example.org/',
})

test('who it is by, where it is from and its version are what package.json says', () => {
  const { version, package: found } = load({ package: about }, { 'package.json': packageJson })
  assert.equal(version, '2.5')
  assert.deepEqual(found, {
    ...about,
    license: 'MIT',
    maintainer: 'C D <c@d>',
    homepage: 'https://example.org/',
  })
})

test('unless the manifest says it', () => {
  const own = { version: '1', maintainer: 'A B <a@b>', homepage: 'https://own.example/' }
  const { version, package: found } = load(
    { package: { ...about, ...own } },
    { 'package.json': packageJson },
  )
  assert.equal(version, '1')
  assert.deepEqual(found, { ...about, license: 'MIT', ...own })
})

test('a package without a homepage has none', () => {
  assert.equal('homepage' in load().package, false)
})

test('all that cannot be found out is told of at once', () => {
  assert.deepEqual(said({ package: about }, { 'their.c': '', Makefile: '' }), [
    '/package: the version cannot be found out: say it as "version"',
    '/package: the licence cannot be found out: say it as "license"',
    '/package: the maintainer cannot be found out: say it as "maintainer"',
    '/: what modules are built cannot be found out: say it as "modules"',
  ])
})

for (const [key, what] of [
  ['version', 'the version'],
  ['license', 'the licence'],
  ['maintainer', 'the maintainer'],
] as const)
  test(`${what} alone has to be said where nothing tells it`, () => {
    const all = { version: '1', license: 'MIT', maintainer: 'A B <a@b>' }
    const { [key]: _, ...others } = all
    assert.deepEqual(said({ package: { ...about, ...others } }, { 'their.c': '' }), [
      `/package: ${what} cannot be found out: say it as "${key}"`,
    ])
  })

test('a version that cannot be a part of a path is none', () => {
  assert.deepEqual(said({}, { 'package.json': '{ "version": "../../1", "author": "A <a@b>" }' }), [
    '/package: the version cannot be found out: say it as "version"',
  ])
})

test('a source that is not there is told of by its place', () => {
  const sources = ['Makefile', 'their.c', 'gone.c', 'no/*.h']
  assert.deepEqual(said({ sources }), [
    "/sources/2: gone.c is not in the manifest's folder",
    "/sources/3: no/*.h is not in the manifest's folder",
  ])
})
