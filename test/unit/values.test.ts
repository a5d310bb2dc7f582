import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Release } from '../../scripts/package/changelog.ts'
import {
  binaryValues,
  digest,
  packageValues,
  sourceDateEpoch,
} from '../../scripts/package/values.ts'
import { theirManifest } from '../support/somebody.ts'
import { Tree } from '../support/tree.ts'

const about = { name: 'their', summary: 'Theirs', maintainer: 'A B <a@b>' }
const load = (change: object = {}, files: Record<string, string> = {}) =>
  loadManifest(theirManifest(change, files))

const releases: Release[] = [
  { version: '0.8', date: new Date('2026-12-01T00:00:00Z'), changes: ['New.'] },
  { version: '0.7', date: new Date('2025-01-01T00:00:00Z'), changes: ['Old.'] },
]

/** What the templates are filled with for somebody's module. */
const values = (...changed: Parameters<typeof load>) =>
  packageValues(load(...changed), releases, ['their.4'])

test('the plainest manifest makes a whole package', () => {
  const { quote: _, rpm, indented, relations, copyright, ...all } = values()
  assert.deepEqual(all, {
    name: 'their',
    debName: 'their',
    version: '0.8',
    debVersion: '0.8',
    rpmVersion: '0.8',
    archVersion: '0.8',
    alpineVersion: '0.8',
    summary: 'Theirs',
    descriptionLines: 'The module their is built by DKMS for every kernel that has headers.',
    builtLines: 'The module their.',
    license: 'MIT',
    homepage: undefined,
    maintainer: 'A B <a@b>',
    modules: ['their'],
    akmsModules: ['built_modules=their.ko'],
    akmsBuild: [],
    files: [],
    programs: [],
    programScript: 'build-programs',
    architecture: { deb: 'all', rpm: 'noarch', pacman: 'any' },
    documents: [],
    hasLicense: false,
    needs: {},
    tools: undefined,
    dkmsMin: '2.8',
    manuals: ['their.4'],
    tarball: 'their-0.8.tar.gz',
    rpmChangelog:
      '* Tue Dec 01 2026 A B <a@b> - 0.8-1\n- New.\n\n* Wed Jan 01 2025 A B <a@b> - 0.7-1\n- Old.',
  })
  assert.match(copyright, /^Copyright: 2019 Ada Lovelace$/m)
  assert.deepEqual(relations('apt'), {
    depends: [],
    recommends: [],
    suggests: [],
    conflicts: [],
    replaces: [],
    provides: [],
  })
})

test('what a manifest says over several lines becomes one', () => {
  const { summary, license, homepage, maintainer, descriptionLines } = values({
    package: {
      name: 'their',
      summary: ' Theirs,\n  and ours\n',
      license: 'MIT\nOR   ISC',
      homepage: ' https://example.org/their\n',
      maintainer: 'A B\n <a@b>',
      description: 'A thing.\n\nIt does\tthings.',
    },
  })
  assert.deepEqual(
    { summary, license, homepage, maintainer, descriptionLines },
    {
      summary: 'Theirs, and ours',
      license: 'MIT OR ISC',
      homepage: 'https://example.org/their',
      maintainer: 'A B <a@b>',
      descriptionLines: 'A thing. It does things.',
    },
  )
})

test('a description is broken below 77 columns', () => {
  const description = 'four '.repeat(16).trim()
  assert.deepEqual(values({ package: { ...about, description } }).descriptionLines.split('\n'), [
    'four '.repeat(15).trim(),
    'four',
  ])
})

test('several modules are named, and where make leaves them', () => {
  const found = values({
    modules: [
      { name: 'one', folder: 'src/x' },
      { name: 'two', as: 'their_two' },
    ],
  })
  assert.equal(
    found.descriptionLines,
    'The modules one, two are built by DKMS for every kernel that has headers.',
  )
  assert.deepEqual(found.akmsModules, ["built_modules='src/x/one.ko two.ko'"])
  assert.deepEqual(found.modules, ['one', 'their_two'])
})

test('a name that dpkg would not have is made one that it has', () => {
  const { name, debName, tarball } = values({ package: { ...about, name: 'Their_Own_Thing' } })
  assert.deepEqual(
    [name, debName, tarball],
    ['Their_Own_Thing', 'their-own-thing', 'Their_Own_Thing-0.8.tar.gz'],
  )
})

test('what is beside the manifest is told of', () => {
  const { hasLicense, documents } = values({}, { LICENSE: 'Do it.', 'CHANGELOG.md': '' })
  assert.deepEqual([hasLicense, documents], [true, ['CHANGELOG.md']])
})

test('who it is by: as the manifest says, or the sources, or nobody', () => {
  const holders = (...changed: Parameters<typeof load>) =>
    /^Copyright: .*(?:\n {11}.*)*/m.exec(values(...changed).copyright)?.[0]
  const said = { package: { ...about, copyright: ['2020 B', '2021 C'] } }
  assert.equal(holders(said), 'Copyright: 2020 B\n           2021 C')
  assert.equal(
    holders({ package: { ...about, version: '1', license: 'MIT' } }, { 'their.c': '' }),
    'Copyright: 2026 the authors, as the sources say',
  )
})

test('relations and needs are those of one package manager', () => {
  const relations = { depends: { apt: ['a'], dnf: ['b'] }, conflicts: { apt: ['c', 'd'] } }
  const found = values({ package: { ...about, relations }, needs: { apt: ['flex'] } })
  assert.deepEqual(found.needs, { apt: ['flex'] })
  const { depends, conflicts, provides } = found.relations('apt')
  assert.deepEqual([depends, conflicts, provides], [['a'], ['c', 'd'], []])
  assert.deepEqual(found.relations('dnf').depends, ['b'])
  assert.deepEqual(found.relations('pacman').depends, [])
})

test('the dkms that is needed, as packages ask for it', () => {
  assert.equal(values({ dkms: { range: '>=3.1.2' } }).dkmsMin, '3.1')
})

test('text is made fit for a spec file and for a field of a control file', () => {
  const { rpm, indented } = values()
  assert.equal(rpm('50% of %{all}'), '50%% of %%{all}')
  assert.equal(indented('one\ntwo'), ' one\n two')
})

test('a package is dated by its newest release', () => {
  assert.equal(sourceDateEpoch(releases), '1796083200')
  assert.equal(sourceDateEpoch([]), '0')
})

test('a package for one kernel has its release in its name', () => {
  const { release, name, debName, tarball } = binaryValues(
    load({ package: { ...about, name: 'Their-dkms' } }),
    '6.1.0-50-rt_amd64',
  )
  assert.deepEqual(
    { release, name, debName, tarball },
    {
      release: '6.1.0-50-rt_amd64',
      name: 'Their-modules-6.1.0-50-rt_amd64',
      debName: 'their-modules-6.1.0-50-rt-amd64',
      tarball: 'Their-modules-6.1.0-50-rt_amd64-0.8.tar.gz',
    },
  )
})

test('only -dkms at the end of a name is left out', () => {
  const project = load({ package: { ...about, name: 'their-dkms-thing' } })
  assert.equal(binaryValues(project, '6.1').name, 'their-dkms-thing-modules-6.1')
})

for (const [release, folder] of [
  ['5.10.0-32-amd64', '/lib/modules'],
  ['6.0.19', '/lib/modules'],
  ['6.1.0-50-amd64', '/usr/lib/modules'],
  ['6.12.117+deb13-amd64', '/usr/lib/modules'],
  ['mine', '/lib/modules'],
] as const)
  test(`modules for kernel ${release} are in ${folder}`, () => {
    assert.equal(binaryValues(load(), release).modulesFolder, folder)
  })

for (const [machine, deb, rpm] of [
  ['x64', 'amd64', 'x86_64'],
  ['ia32', 'i386', 'i686'],
  ['arm64', 'arm64', 'aarch64'],
  ['arm', 'armhf', 'armv7hl'],
  ['ppc64', 'ppc64el', 'ppc64le'],
  ['riscv64', 'riscv64', 'riscv64'],
] as const)
  test(`a package for one kernel of ${rpm} is ${deb} to dpkg`, () => {
    const { debArchitecture, rpmArchitecture } = binaryValues(load(), '6.1', machine)
    assert.deepEqual([debArchitecture, rpmArchitecture], [deb, rpm])
  })

test('a digest is what sha256sum would say', () => {
  const tree = new Tree({ '/a': 'abc' })
  assert.equal(
    digest('sha256', tree.at('/a')),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})
