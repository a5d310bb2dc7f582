// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a shell's.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { importDkmsConf } from '../../scripts/import/dkms-conf.ts'
import { answered, lookAt, questions } from '../../scripts/import/init.ts'
import { readAssignments } from '../../scripts/import/shell.ts'
import { findDescription, findModuleLicense } from '../../scripts/manifest/find-out.ts'
import { rangeOf } from '../../scripts/manifest/kernel-range.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { asTyped, calledAs } from '../../scripts/run/typed.ts'
import { Tree } from '../support/tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'import-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'Makefile'), 'obj-m += a.o \\\n  b.o\n')
writeFileSync(join(folder, 'a.c'), '/* SPDX-License-Identifier: MIT */\nMODULE_DESCRIPTION("A");\n')
mkdirSync(join(folder, 'patches'))
writeFileSync(join(folder, 'patches/x.patch'), '')
writeFileSync(join(folder, 'genver.sh'), '#!/bin/sh\n')

const head = 'PACKAGE_NAME=a\nPACKAGE_VERSION="1"\n'
const imported = (text: string) => importDkmsConf(head + text, folder)
const source = '$' + '{dkms_tree}/$' + '{PACKAGE_NAME}/$' + '{PACKAGE_VERSION}/build'

const kernelRelease = 'KERNELRELEASE={release}'

const makes: [string, object[] | undefined][] = [
  ['', undefined],
  [`MAKE[0]="make -C $kernel_source_dir M=${source}"`, undefined],
  [
    `MAKE="'make' -j4 KERNELRELEASE=$kernelver -C $kernel_source_dir M=${source} modules"`,
    undefined,
  ],
  [`MAKE="make -C $kernel_source_dir M=${source}/src A=1"`, [{ folder: 'src', words: ['A=1'] }]],
  [
    'MAKE="make KVER=$kernelver all"',
    [{ own: true, target: 'all', words: ['KERNELRELEASE={release}', 'KVER={release}'] }],
  ],
  [
    `MAKE="'make' -j$(nproc) KVER=$kernelver all"`,
    [{ own: true, target: 'all', words: ['KVER={release}'] }],
  ],
  [
    'MAKE="make -C $dkms_tree/a/1/source -j$(nproc) K=1"',
    [{ own: true, words: ['KERNELRELEASE={release}', 'K=1'] }],
  ],
  ['MAKE="A=1 make -j`nproc` -C ."', [{ environment: { A: '1' }, own: true }]],
  [
    `MAKE[0]="make -C $kernel_source_dir M=${source}/a modules \\\n && make -C ${source}/b X='y z'"`,
    [{ folder: 'a' }, { folder: 'b', own: true, words: ['X=y z'] }],
  ],
  [
    'MAKE="make KVER=$kernelver -f Other.mk one two"',
    [
      {
        own: true,
        target: 'one two',
        words: ['KERNELRELEASE={release}', 'KVER={release}', '-f', 'Other.mk'],
      },
    ],
  ],
  [
    'MAKE="cd src/x; V=1 make all"',
    [{ environment: { V: '1' }, folder: 'src/x', own: true, target: 'all' }],
  ],
  [
    'MAKE="env V=1 W= X=a=b \\\n  make ${parallel_jobs+-j$parallel_jobs} all"',
    [{ environment: { V: '1', W: '', X: 'a=b' }, own: true, target: 'all' }],
  ],
  [
    "MAKE='cd . && make KVER=${kernelver} M=$PWD'",
    [{ own: true, words: ['KVER={release}', 'M={source}'] }],
  ],
  [
    'MAKE="./build.sh $kernel_source_dir all"',
    [{ program: 'build.sh', words: ['{headers}', 'all'] }],
  ],
  ['MAKE="V=1 ./build.sh all"', [{ environment: { V: '1' }, program: 'build.sh', words: ['all'] }]],
  [`MAKE="make A='\\\\\\$x \\\\\\"y\\\\\\"'"`, [{ own: true, words: [kernelRelease, 'A=$x "y"'] }]],
  [
    'MAKE=(a "make B=1"); MAKE_MATCH[1]="^5\\."; MAKE[0]="make A=1"',
    [
      {
        kernel: { range: '>=2.0.0 <5.0.0 || >=6.0.0' },
        own: true,
        words: [kernelRelease, 'A=1'],
      },
      { kernel: { range: '>=5.0.0 <6.0.0' }, own: true, words: [kernelRelease, 'B=1'] },
    ],
  ],
  [
    "MAKE='make A=1' MAKE_MATCH='^[56]\\.'; MAKE[1]='make B=1 && make C=1'; MAKE_MATCH[1]='^6\\.'",
    [
      { kernel: { range: '>=2.0.0 <5.0.0 || >=7.0.0' } },
      { kernel: { range: '>=5.0.0 <6.0.0' }, own: true, words: [kernelRelease, 'A=1'] },
      { kernel: { range: '>=6.0.0 <7.0.0' }, own: true, words: [kernelRelease, 'B=1'] },
      { kernel: { range: '>=6.0.0 <7.0.0' }, own: true, words: ['C=1'] },
    ],
  ],
  ["MAKE='make A=1' MAKE_MATCH='.*'", [{ own: true, words: [kernelRelease, 'A=1'] }]],
  ["MAKE='make A=1'; MAKE[1]='make B=1'", [{ own: true, words: [kernelRelease, 'A=1'] }]],
  [
    `B="$dkms_tree/$module/$module_version/build"\nMAKE="make -C $kernel_source_dir M=$B/e"`,
    [{ folder: 'e' }],
  ],
  [
    'MAKE="make VER=$PACKAGE_VERSION -C src-$module_version"',
    [{ folder: 'src-1', own: true, words: ['KERNELRELEASE={release}', 'VER={version}'] }],
  ],
  [
    'MAKE="make K=$kernelver CFLAGS_MODULE+=@CFLGS@ V=#VERSION#"',
    [{ own: true, words: ['KERNELRELEASE={release}', 'K={release}'] }],
  ],
  [
    `B="${source}"\nMAKE="make -C $kernel_source_dir M=$B/e T=$B"`,
    [{ folder: 'e', words: ['T={source}'] }],
  ],
]

for (const [text, make] of makes)
  test(`a manifest's make of ${text || 'no MAKE'}`, () => {
    assert.deepEqual(imported(text).manifest.make, make)
  })

test('modules: folders, places, other names', () => {
  const { manifest } = imported(`BUILT_MODULE_NAME[0]="$PACKAGE_NAME"
BUILT_MODULE_NAME[1]=b; BUILT_MODULE_LOCATION[1]="./sub/"
DEST_MODULE_NAME[1]="c"
DEST_MODULE_LOCATION[0]=/extra/
DEST_MODULE_LOCATION[1]='/kernel/net'`)
  assert.deepEqual(manifest.modules, [
    { name: 'a', location: '/extra' },
    { name: 'b', as: 'c', folder: 'sub', location: '/kernel/net' },
  ])
})

test('arrays that grow, and what all modules have in common is said once', () => {
  const { manifest } = imported(`BUILT_MODULE_NAME=()
BUILT_MODULE_NAME+=("a"); BUILT_MODULE_NAME+=(b)
DEST_MODULE_LOCATION=(/extra /extra)`)
  assert.deepEqual(manifest.modules, [{ name: 'a' }, { name: 'b' }])
  assert.equal(manifest.install?.location, '/extra')
})

test('a patch for which kernels', () => {
  const { manifest } = imported('PATCH[0]=x.patch; PATCH_MATCH[0]="^([0-4]\\.|5\\.[0-9]\\.).*"')
  assert.deepEqual(manifest.patches, [{ file: 'patches/x.patch', kernel: '>=2.0.0 <5.10.0' }])
})

test('for which kernels', () => {
  const { manifest } = imported(`BUILD_EXCLUSIVE_KERNEL_MIN="4.4"
BUILD_EXCLUSIVE_ARCH="(x86_64|i.86)"
BUILD_EXCLUSIVE_CONFIG="CONFIG_PCI !CONFIG_X"`)
  assert.equal(manifest.kernel?.range, '>=4.4')
  assert.deepEqual(manifest.kernel?.architectures, ['x86_64', 'i686'])
  assert.deepEqual(
    manifest.kernel?.options?.required?.map(({ name }) => name),
    ['CONFIG_PCI', '!CONFIG_X'],
  )
})

test('a pattern and limits: kernels that fit both', () => {
  const { manifest, notes } = imported(`BUILD_EXCLUSIVE_KERNEL="^(5\\.|6\\.[0-9]\\.|7\\.1\\.)"
BUILD_EXCLUSIVE_KERNEL_MIN=5.4`)
  const range = '>=5.4 >=5.0.0 <6.10.0 || >=5.4 >=7.1.0 <7.2.0'
  assert.equal(manifest.kernel?.range, range)
  assert.ok(notes.some((line) => line.endsWith(`is taken for the range ${range}.`)))
})

test('what is called by the version is still found', () => {
  const { manifest } = imported('BUILT_MODULE_NAME="a-$PACKAGE_VERSION"')
  assert.deepEqual(manifest.modules, [{ name: 'a-1' }])
})

const told: [string, RegExp][] = [
  [
    'if [ -f x ]; then\n  # if it is\n  . x\n  BUILD_EXCLUSIVE_KERNEL=no\nfi',
    /^lines 3 to 7 decide/,
  ],
  ['X=$(touch /tmp/import-ran)', /^line 3: X=\$\(touch .*only a shell/],
  ['touch /tmp/import-ran', /^line 3: touch .*only a shell/],
  ['MAKE="ant all"', /^MAKE: ant is not make/],
  [
    'BUILD_EXCLUSIVE_KERNEL="REQUIRES CONFIG_X"',
    /^BUILD_EXCLUSIVE_KERNEL, REQUIRES .* is not taken/,
  ],
  ['MAKE="make all install"', /^MAKE: make install is left out: dkms installs/],
  ['STRIP[0]=no', /^STRIP=no is not taken over/],
  ['X="$(\n  echo "a b"; # it\'s\n)\n"', /^line 3: X="\$\(: only a shell/],
  ['MAKE="make -C /elsewhere"', /^MAKE: \/elsewhere is outside/],
  ['POST_BUILD="x.sh"', /^POST_BUILD, x\.sh, is not taken over\.$/],
  ['POST_INSTALL="x.sh"', /^POST_INSTALL, x\.sh, is not taken over: say in install\.files/],
  ['OBSOLETE_BY=6.20', /^OBSOLETE_BY, 6\.20, is not taken over: say in kernel\.range/],
  ['MAKE="make A=@B@"', /^MAKE: A=@B@ is left out: a script of the sources/],
  [
    'BUILD_EXCLUSIVE_KERNEL=no\nBUILD_EXCLUSIVE_KERNEL_MIN=4',
    /^BUILD_EXCLUSIVE_KERNEL, no, is not taken over: say a range/,
  ],
  ['PATCH=x; PATCH_MATCH="rt"', /^PATCH_MATCH\[0\], rt, is not taken over/],
  ['MAKE[1]=make MAKE_MATCH[1]="rt"', /^MAKE_MATCH\[1\], rt, is not taken over: say a range/],
  ['BUILD_EXCLUSIVE_ARCH="sparc"', /^BUILD_EXCLUSIVE_ARCH, sparc, is not taken over/],
  ['BUILD_EXCLUSIVE_ARCH="("', /^BUILD_EXCLUSIVE_ARCH, \(, is not taken over/],
  ['build_environment=/opt/gcc/env', /^build_environment is dkms's framework\.conf's/],
]

for (const [text, note] of told)
  test(`told of, and not run: ${text.split('\n')[0]}`, () => {
    const { notes } = imported(`${text}\nBUILT_MODULE_NAME=last`)
    assert.ok(
      notes.some((line) => note.test(line)),
      notes.join('\n'),
    )
    assert.equal(imported(`${text}\nBUILT_MODULE_NAME=last`).manifest.modules?.[0]?.name, 'last')
  })

const values: [string, string[]][] = [
  ['i=0; X[$i]=a; i=$((i+1)); X[i]="b$"', ['a', 'b$']],
  ['X=${Y:-d} # is', ['d']],
  ['X=${Y-"d e"}f', ['d ef']],
  ['Y=z; X="${Y:-$(uname -r)}${Y:+-set}"', ['z-set']],
  ['X=a; X+=b', ['ab']],
  ['X[0]=a; X[0]+=b; X[1]+=c', ['ab', 'c']],
  ['X=(a b); X+=("c d")', ['a', 'b', 'c d']],
  ['declare -a X; export X="^(6|7)$"', ['^(6|7)$']],
]

for (const [text, expected] of values)
  test(`read without a shell: ${text}`, () => {
    assert.deepEqual(readAssignments(text, {}).values.get('X'), expected)
  })

const patterns: [string, string | undefined][] = [
  ['^(3\\.[1-9][0-9]|[4-9]\\.)', '>=3.10.0'],
  ['^6\\.(1|12)\\.', '>=6.1.0 <6.2.0 || >=6.12.0 <6.13.0'],
  ['REQUIRES CONFIG_X', undefined],
  ['^6\\.12\\.57', undefined],
]

for (const [pattern, range] of patterns)
  test(`the range of ${pattern}`, () => {
    assert.equal(rangeOf(new RegExp(pattern)), range)
  })

test('quotes, comments and continued lines are read as a shell reads them', () => {
  const { values } = readAssignments("A=\"x $B\"\\''q'z # no\nexport C=a\\\nb D=1#2\n", { B: 'y' })
  assert.deepEqual(
    [...values.entries()],
    [
      ['A', ["x y'qz"]],
      ['C', ['ab']],
      ['D', ['1#2']],
    ],
  )
})

test('what render makes of it is read as the same', () => {
  const text = `${head}PATCH[0]=x.patch
PRE_BUILD="./genver.sh $kernelver"
MAKE[0]="make -C $kernel_source_dir M=${source}/src A='b c' && V='1 \\\\\\$x' make -C ${source} all"
BUILT_MODULE_NAME[0]=a
BUILT_MODULE_LOCATION[0]=src/
DEST_MODULE_LOCATION[0]=/extra
BUILD_EXCLUSIVE_KERNEL_MIN=4.4
BUILD_EXCLUSIVE_CONFIG="CONFIG_PCI"
BUILD_DEPENDS[0]=other
`
  const { manifest } = importDkmsConf(text, folder)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  const project = loadManifest(join(folder, 'manifest.json'))
  const again = importDkmsConf(renderDkmsConf(project), folder)
  assert.deepEqual(again.manifest, manifest)
})

for (const [said, summary] of [
  ['b: An event source.', 'event source'],
  ['B low-level driver', 'low-level driver'],
  ['Big one', 'Big one'],
])
  test(`the summary of ${said}`, () => {
    const at = mkdtempSync(join(tmpdir(), 'import-'))
    after(() => rmSync(at, { recursive: true }))
    writeFileSync(join(at, 's.c'), `MODULE_DESCRIPTION("${said}");\n`)
    assert.equal(findDescription('b', at, ['s.c']), summary)
  })

test('init asks what the sources do not say', () => {
  const found = lookAt(folder)
  assert.deepEqual(found.modules, ['a', 'b'])
  assert.deepEqual(
    questions(found, 'A B <a@b>').map(({ key, usual }) => [key, usual]),
    [
      ['name', found.name],
      ['summary', 'A'],
      ['maintainer', 'A B <a@b>'],
      ['version', '0.1'],
    ],
  )
  assert.deepEqual(
    answered({ name: 'n', summary: 's', maintainer: 'm', modules: 'x, y' }).modules,
    [{ name: 'x' }, { name: 'y' }],
  )
})

const typed: [string[], string, string][] = [
  [['vmmci-dkms', 'check'], 'vmmci-dkms install --yes', 'vmmci-dkms install --yes'],
  [
    ['vmmci-dkms', 'check', '--manifest', '/a b/m.json'],
    'sudo vmmci-dkms install --yes',
    "sudo vmmci-dkms install --manifest '/a b/m.json' --yes",
  ],
  [
    ['kmod-pack', 'check', '--manifest=/m.json'],
    'vmmci-dkms build && vmmci-dkms sign',
    'kmod-pack build --manifest /m.json && kmod-pack sign --manifest /m.json',
  ],
  [
    ['kmod-pack', 'check', '--manifest=/a=b.json'],
    'vmmci-dkms build',
    'kmod-pack build --manifest /a=b.json',
  ],
  [['kmod-pack', 'check'], 'vmmci-dkms package all', 'kmod-pack package all'],
  [['vmmci-dkms', 'x', '--manifest', '/m'], 'apt remove vmmci-dkms', 'apt remove vmmci-dkms'],
]

for (const [[name = '', ...words], text, shown] of typed)
  test(`${name} ${words.join(' ')}: ${text} is shown as it works when pasted`, () => {
    assert.equal(
      asTyped(
        text,
        calledAs(['node', `/bin/${name}`, ...words], (known) => known),
      ),
      shown,
    )
  })

for (const [said, spdx] of [
  ['GPL', 'GPL-2.0-only'],
  ['GPL v2', 'GPL-2.0-only'],
  ['Dual MPL/GPL', 'MPL-1.1 OR GPL-2.0-only'],
  ['Proprietary', 'LicenseRef-Proprietary'],
])
  test(`the licence of MODULE_LICENSE("${said}")`, () => {
    const { root } = new Tree({ 'a.c': `MODULE_LICENSE("${said}");\n` })
    assert.equal(findModuleLicense(root, ['a.c']), spdx)
  })
