import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { configFiles, installedFiles } from '../../scripts/build/installed-files.ts'
import { renderDkmsConf, sourceTree, writeSourceTree } from '../../scripts/build/source-tree.ts'
import { missingNeeds } from '../../scripts/install/needs.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import { parseDebianChangelog } from '../../scripts/package/changelog.ts'
import { writePackageTree } from '../../scripts/package/files.ts'
import { readReleases } from '../../scripts/package/releases.ts'
import { packageValues } from '../../scripts/package/values.ts'
import { exec } from '../../scripts/run/exec.ts'
import type { Failure } from '../../scripts/run/failure.ts'
import { readFacts } from '../../scripts/system/facts.ts'
import { theirManifest, theirSource } from '../support/somebody.ts'

const work = mkdtempSync(join(tmpdir(), 'anybody-'))
after(() => rmSync(work, { recursive: true }))

const load = (change: object = {}, files: Record<string, string> = {}) =>
  loadManifest(theirManifest(change, files))

/** What dkms's shell makes of a dkms.conf, a variable a line: each is read twice, between double quotes. */
async function sourced(project: Project, ...variables: string[]): Promise<string[]> {
  const script = `kernelver=6.12 kernel_source_dir=/k dkms_tree=/t arch=x86_64
${renderDkmsConf(project)}
for v in ${variables.map((v) => `"\${${v}}"`).join(' ')}; do eval "printf '%s\\n' \\"$v\\""; done`
  return (await exec({ argv: ['bash', '-c', script] })).stdout.trimEnd().split('\n')
}

function mistakes(change: object, files: Record<string, string> = {}): string {
  try {
    load(change, files)
  } catch (error) {
    return ((error as Failure).more.details ?? []).join('\n')
  }
  return 'no mistake'
}

test('what can be found out need not be said', () => {
  const project = load()
  assert.deepEqual(
    {
      version: project.version,
      license: project.package.license,
      modules: project.modules,
      sources: project.sources,
    },
    {
      version: '0.8',
      license: 'MIT',
      modules: [{ name: 'their' }],
      sources: ['Makefile', 'their.c'],
    },
  )
})

test('a template in the manifest’s folder or above it is not run', () => {
  const file = theirManifest({}, { 'dkms.conf.tpl': '<% globalThis.planted = true %>' })
  writeFileSync(join(dirname(file), '../dkms.conf.tpl'), '<% globalThis.planted = true %>')
  mkdirSync(join(dirname(file), '../debian/dkms'), { recursive: true })
  writeFileSync(
    join(dirname(file), '../debian/dkms/control.tpl'),
    '<% globalThis.planted = true %>',
  )
  const project = loadManifest(file)
  renderDkmsConf(project)
  assert.equal('planted' in globalThis, false)
})

test('nothing is taken from above the manifest’s folder', () => {
  const file = theirManifest()
  const above = join(dirname(file), '..')
  writeFileSync(join(above, 'package.json'), '{ "version": "7.7.7" }')
  writeFileSync(join(above, 'CHANGELOG.md'), '# C\n\n## 7.7.7 - 2020-01-01\n\n- No.\n')
  writeFileSync(join(above, 'LICENSE'), 'not theirs')
  mkdirSync(join(above, 'docs/man'), { recursive: true })
  writeFileSync(join(above, 'docs/man/not-theirs.4'), '')
  const project = loadManifest(file)
  assert.equal(project.version, '0.8')
  assert.deepEqual(readReleases(project)[0]?.changes, ['Version 0.8.'])
  const tree = mkdtempSync(join(work, 't-'))
  writePackageTree(project, tree)
  assert.throws(() => readFileSync(join(tree, 'LICENSE')))
  assert.throws(() => readFileSync(join(tree, 'man/not-theirs.4')))
})

test('nothing of this project is in another’s package', () => {
  const project = load({ signing: 'require', configure: ['c'] }, { c: '#!/bin/sh' })
  const tree = mkdtempSync(join(work, 't-'))
  writePackageTree(project, tree)
  const values = packageValues(project, readReleases(project), [])
  for (const text of [
    ...readdirSync(tree, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')),
    JSON.stringify(values),
    ...installedFiles(project).map(({ text }) => text.toString()),
  ])
    assert.doesNotMatch(text, /vmmci/)
  assert.match(values.copyright, /^Copyright: 2019 Ada Lovelace$/m)
  assert.deepEqual(values.files, [])
})

test('PACKAGE_VERSION stands once in a dkms.conf: Makefiles look for it there', () => {
  const make = [{ words: ['V={version}', 'S={source}'] }]
  const text = renderDkmsConf(
    load({ make, signing: 'require', configure: ['c'] }, { c: '#!/bin/sh' }),
  )
  assert.deepEqual(text.match(/^.*PACKAGE_VERSION.*$/gm), ['PACKAGE_VERSION="0.8"'])
})

const versions = ['0.8', '13', '9.015.00-NAPI', '20250329', '4.1.13.0', '1.14.8+dfsg', '0~2023+git']

for (const version of versions)
  test(`version ${version} is taken as it is`, async () => {
    const about = { name: 'their', summary: 's', maintainer: 'A B <a@b>', version }
    assert.deepEqual(await sourced(load({ package: about }), 'PACKAGE_VERSION'), [version])
  })

for (const name of ['tp_smapi', 'a.b', 'lib++', 'Upper'])
  test(`a package may be called ${name}`, () => {
    const about = { name, summary: 's', maintainer: 'A B <a@b>' }
    assert.equal(load({ package: about }).package.name, name)
  })

test('sources: folders, patterns, and what git would not have is left out', () => {
  const files = {
    '.gitignore': 'made.c\n',
    'made.c': theirSource,
    'sub/a.c': theirSource,
    'sub/.gitignore': '/b.c\n',
    'sub/b.c': theirSource,
    'sub/x.o': '',
    'sub/.x.o.cmd': '',
    'their.ko': '',
    'gen/c.c': theirSource,
    'README.md': '',
  }
  assert.deepEqual(load({}, files).sources, [
    'Makefile',
    'README.md',
    'gen/c.c',
    'sub/a.c',
    'their.c',
  ])
  assert.deepEqual(load({ sources: ['Makefile', '*.c', 'sub'] }, files).sources, [
    'Makefile',
    'their.c',
    'sub/a.c',
  ])
  assert.match(mistakes({ sources: ['Makefile', 'gone'] }), /sources\/1: gone is not in/)
})

test('sources: what a build left is none, what was shipped is one, links lead nowhere else', () => {
  const at = theirManifest(
    {},
    {
      '.version': '1',
      '.their.o.cmd': '',
      'their.o': '',
      'other.o': '',
      'other.S': '',
      'lib/shipped.o': '',
      'lib/shipped.a': '',
      '.github/workflows/ci.yml': '',
      'a/real.hex': '',
    },
  )
  const inner = dirname(at)
  symlinkSync('/etc/passwd', join(inner, 'passwd'))
  symlinkSync('/etc', join(inner, 'etc'))
  symlinkSync('..', join(inner, 'a/loop'))
  symlinkSync('real.hex', join(inner, 'a/link.hex'))
  symlinkSync('gone', join(inner, 'dangling'))
  assert.deepEqual(loadManifest(at).sources, [
    ...['.version', 'Makefile', 'a/link.hex', 'a/real.hex', 'lib/shipped.a', 'lib/shipped.o'],
    ...['other.S', 'their.c'],
  ])
})

test('a program among the sources stays one', () => {
  const file = theirManifest({}, { 'genver.sh': '#!/bin/sh\n' })
  chmodSync(join(dirname(file), 'genver.sh'), 0o755)
  const tree = mkdtempSync(join(work, 't-'))
  writeSourceTree(loadManifest(file), tree)
  assert.doesNotThrow(() => sourceTree(loadManifest(file)))
  return exec({ argv: [join(tree, 'genver.sh')] }).then(({ status }) => assert.equal(status, 0))
})

test('parameters with spaces, softdeps and blacklists, as modprobe.d has them', () => {
  const modules = [{ name: 'their', parameters: { say: 'a b' }, softdeps: { pre: ['x'] } }]
  const [file] = configFiles(load({ modules, install: { blacklist: ['other'] } }))
  assert.deepEqual(file?.text.split('\n').slice(1, -1), [
    'options their say="a b"',
    'softdep their pre: x',
    'blacklist other',
  ])
})

const ranges: [string, string[], string[]][] = [
  ['>=4.4 <6.0', ['4.4.0-1-amd64', '5.15.3', '4.19-rc1'], ['4.3.9', '6.0.1', '40.4.0', '6.12.1']],
  ['5.15.x || >=6.1', ['5.15.0', '6.1.0', '6.12.9+deb13', '7.0.1'], ['5.10.1', '6.0.9', '5.150.0']],
]

for (const [range, fits, not] of ranges)
  test(`dkms is told all of ${range}`, async () => {
    const [pattern = ''] = await sourced(load({ kernel: { range } }), 'BUILD_EXCLUSIVE_KERNEL')
    for (const release of [...fits, ...not]) {
      const { status } = await exec({
        argv: ['bash', '-c', '[[ $1 =~ $2 ]]', '-', release, pattern],
      })
      assert.equal(status === 0, fits.includes(release), `${release} and ${pattern}`)
    }
  })

test('make: folders, words, an own Makefile, one after the other', async () => {
  const make = [
    { folder: 'a', words: ['V=1', 'SAY=it is $HOME "so"'] },
    { folder: 'b', own: true, words: ['KVER={release}', 'KDIR={headers}'], target: 'all' },
  ]
  const [command = ''] = await sourced(load({ make }), 'MAKE[0]')
  const words = await exec({ argv: ['bash', '-c', `make() { printf '%s|' "$@"; }; ${command}`] })
  assert.deepEqual(words.stdout.split('|').slice(0, -1), [
    ...['-C', '/k', 'M=/t/their/0.8/build/a', 'V=1', 'SAY=it is $HOME "so"', 'modules'],
    ...['-C', '/t/their/0.8/build/b', 'KVER=6.12', 'KDIR=/k', 'all'],
  ])
})

test('a Makefile of its own is called as it is: dkms adds KERNELRELEASE to what begins with make', async () => {
  for (const [words, expected] of [
    [[], /^env make -C \S+ -j\d+$/],
    [['KERNELRELEASE={release}'], /^make -C \S+ KERNELRELEASE=6\.12$/],
  ] as const) {
    const [command = ''] = await sourced(load({ make: [{ own: true, words }] }), 'MAKE[0]')
    assert.match(command, expected)
  }
})

test('akms is told how to build what its own way would not', async () => {
  const values = (project: Project) => packageValues(project, readReleases(project), [])
  assert.deepEqual(values(load()).akmsBuild, [])
  const make = [
    { folder: 'a', words: ['SAY=it is $HOME'] },
    { own: true, words: ['K={release}'] },
  ]
  const lines = values(load({ make })).akmsBuild
  const { stdout } = await exec({
    argv: [
      'sh',
      '-c',
      `builddir=/tmp kernel_srcdir=/k kernel_ver=6.12; make() { printf '%s|' "$@"; }; ${lines.join('\n')}`,
    ],
  })
  assert.deepEqual(stdout.split('|').slice(0, -1), [
    ...['-C', '/k', 'M=/tmp/a', 'SAY=it is $HOME', 'modules'],
    ...['-C', '/tmp', 'K=6.12'],
  ])
})

test('modules of folders, under other names; patches, a configure step, dependencies', async () => {
  const project = load(
    {
      modules: [{ name: 'their', as: 'other', folder: 'src/x', location: '/kernel/net' }],
      patches: [{ file: 'fix/a.patch', kernel: '>=6.12' }],
      configure: ['genver.sh', '--for={release}'],
      after: ['base'],
      kernel: { options: { required: [{ name: '!CONFIG_X', reason: 'r' }] } },
    },
    { 'fix/a.patch': '', 'genver.sh': '#!/bin/sh\n' },
  )
  assert.deepEqual(
    await sourced(
      project,
      ...['BUILT_MODULE_NAME[0]', 'BUILT_MODULE_LOCATION[0]', 'DEST_MODULE_NAME[0]'],
      ...['DEST_MODULE_LOCATION[0]', 'PATCH[0]', 'PRE_BUILD', 'BUILD_DEPENDS[0]'],
      'BUILD_EXCLUSIVE_CONFIG',
    ),
    [
      ...[
        'their',
        'src/x/',
        'other',
        '/kernel/net',
        'a.patch',
        'run-in-sandbox ./genver.sh --for=6.12',
        'base',
      ],
      '!CONFIG_X',
    ],
  )
  assert.ok(sourceTree(project).has('patches/a.patch'))
})

test('what is installed under another name is known by that', () => {
  const modules = [{ name: 'their', as: 'other', parameters: { a: '1' } }]
  const project = load({ modules, install: { autoload: 'boot' } })
  const [options, load_] = configFiles(project)
  assert.match(options?.text ?? '', /^options other a=1$/m)
  assert.match(load_?.text ?? '', /^other$/m)
  assert.deepEqual(packageValues(project, readReleases(project), []).modules, ['other'])
})

test('a program that comes along stays one', () => {
  const to = {
    '/usr/include/their/their.h': 'Makefile',
    '/usr/lib/udev/their_mount': 'mount.sh',
    '/usr/share/doc/their/r': 'Makefile',
  }
  const at = theirManifest({ install: { files: to } }, { 'mount.sh': '#!/bin/sh\n' })
  chmodSync(join(dirname(at), 'mount.sh'), 0o755)
  const project = loadManifest(at)
  assert.deepEqual(packageValues(project, readReleases(project), []).files, [
    { path: '/usr/include/their/their.h', mode: '644' },
    { path: '/usr/lib/udev/their_mount', mode: '755' },
    { path: '/usr/share/doc/their/r', mode: '644' },
  ])
})

test('a script of the sources instead of make', async () => {
  const project = load(
    { make: [{ program: 'tools/b.sh', words: ['{headers}'] }] },
    { 'tools/b.sh': '#!/bin/sh\n' },
  )
  assert.deepEqual(await sourced(project, 'MAKE[0]'), ['/t/their/0.8/build/tools/b.sh /k'])
  const tree = mkdtempSync(join(work, 't-'))
  writeSourceTree(project, tree)
  assert.equal((await exec({ argv: [join(tree, 'tools/b.sh')] })).status, 0)
})

test('what a build needs and is not there is found', async () => {
  const project = load({ needs: { apt: ['dpkg', 'no-such-package'], dnf: ['other'] } })
  const facts = readFacts(project)
  const debian = facts.distribution?.manager === 'apt'
  assert.deepEqual(await missingNeeds(project, facts), debian ? ['no-such-package'] : [])
})

const licences: [string, Record<string, string>, string][] = [
  ['the C files', { 'their.h': '/* SPDX-License-Identifier: ISC */' }, 'MIT'],
  ['names of before', { 'their.c': '// SPDX-License-Identifier: GPL-2.0+' }, 'GPL-2.0-or-later'],
]

for (const [what, files, license] of licences)
  test(`a licence is what ${what} say`, () => {
    const about = { name: 'their', version: '1', summary: 's', maintainer: 'A B <a@b>' }
    assert.equal(load({ package: about }, files).package.license, license)
  })

test('each licence of an expression has its own words, and GNU’s are not repeated', () => {
  const license = '(GPL-2.0-or-later WITH Linux-syscall-note OR MIT) AND LGPL-2.1-only'
  const about = { name: 'their', version: '1', summary: 's', maintainer: 'A B <a@b>', license }
  const project = load({ package: about }, { LICENSE: 'GNU GENERAL PUBLIC LICENSE ...' })
  const { copyright } = packageValues(project, readReleases(project), [])
  assert.match(copyright, /^License: GPL-2.0-or-later WITH Linux-syscall-note\n.*any\n later/ms)
  assert.match(copyright, /^License: MIT\n The sources say: MIT\.$/m)
  assert.match(copyright, /common-licenses\/LGPL-2\.1\.$/m)
  assert.doesNotMatch(copyright, /GENERAL PUBLIC LICENSE/)
})

const refused: [string, object, RegExp][] = [
  ['a patch for a part of a series', { patches: [{ file: 'p', kernel: '<6.12.3' }] }, /divides/],
  ['a word for nothing', { make: [{ words: ['{home}'] }] }, /make\/0\/words\/0/],
  ['a file anywhere', { install: { files: { '/etc/passwd': 'their.c' } } }, /install\/files/],
  ['a file from outside', { install: { udev: '../x' } }, /install\/udev/],
  ['a place above all modules', { install: { location: '/../etc' } }, /install\/location/],
  ['a program that is none', { make: [{ program: 'their.c' }] }, /make\/0\/program.*#!/],
  ['a build that installs', { make: [{ own: true, target: 'all install' }] }, /make\/0\/target/],
  ['a root elsewhere', { root: '/' }, /root/],
  ['no way to know the modules', { sources: ['their.c'] }, /say it as "modules"/],
  ['a configure step that is no program', { configure: ['their.c'] }, /does not begin with #!/],
]

for (const [what, change, says] of refused)
  test(`refused with its place: ${what}`, () => {
    assert.match(mistakes(change, { p: '' }), says)
  })

test('what a script is to put a version for is none', () => {
  const files = {
    'dkms.conf': 'PACKAGE_VERSION=@VERSION@\n',
    'their.c': theirSource.replace('0.8', '#VERSION#'),
  }
  assert.match(mistakes({}, files), /the version cannot be found out: say it as "version"/)
})

test('a debian/changelog is a changelog', () => {
  const [first] = parseDebianChangelog(`their (1:0.8-2) unstable; urgency=low

  * One thing
    over two lines.
  * Another.

 -- A B <a@b>  Mon, 23 Nov 2026 01:02:03 +0000
`)
  assert.equal(first?.version, '0.8')
  assert.deepEqual(first?.changes, ['One thing over two lines.', 'Another.'])
  assert.equal(first?.date.toISOString(), '2026-11-23T01:02:03.000Z')
})
