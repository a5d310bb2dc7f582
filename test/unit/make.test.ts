import assert from 'node:assert/strict'
import { test } from 'node:test'
import { akmsBuild } from '../../scripts/build/akms.ts'
import { dkmsConfigure, dkmsMake } from '../../scripts/build/dkms-make.ts'
import {
  configureWords,
  type Filling,
  makeCommands,
  ownPrograms,
} from '../../scripts/build/make.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import { show } from '../../scripts/run/exec.ts'

/** What a build goes by, of somebody's manifest. */
const project = (change: object = {}) =>
  ({ package: { name: 'm' }, version: '1.0', make: [{}], ...change }) as Project

const filling: Filling = {
  release: '6.12',
  headers: '/k',
  source: '/src',
  version: '1.0',
  architecture: 'x86_64',
}

/** A line of dkms.conf; the braces around its variables' names are left out, to be read better. */
const plain = (line: string) => line.replaceAll(/\$\{(\w+)\}/g, '$$$1')

/** How a manifest has it built, what is run, and MAKE[0] of dkms.conf. */
const makes: [what: string, make: object[], run: string[], dkms: string][] = [
  [
    'the usual way',
    [{}],
    ['make -C /k M=/src modules'],
    'make -C $kernel_source_dir M=$dkms_tree/m/1.0/build modules',
  ],
  [
    'a folder, with words',
    [{ folder: 'a/b', words: ['R={release}-{release}', 'A={architecture}'], target: 'x y' }],
    ['make -C /k M=/src/a/b R=6.12-6.12 A=x86_64 x y'],
    'make -C $kernel_source_dir M=$dkms_tree/m/1.0/build/a/b R=$kernelver-$kernelver A=$arch x y',
  ],
  [
    'a Makefile of its own, which is not to have what dkms adds',
    [{ own: true, words: ['V={version}', 'K={headers}', 'S={source}'] }],
    ['make -C /src V=1.0 K=/k S=/src'],
    'env make -C $dkms_tree/m/1.0/build V=1.0 K=$kernel_source_dir S=$dkms_tree/m/1.0/build -j\\$(nproc)',
  ],
  [
    'one that says itself what dkms would add',
    [{ own: true, words: ['KERNELRELEASE={release}'], target: 'all' }],
    ['make -C /src KERNELRELEASE=6.12 all'],
    'make -C $dkms_tree/m/1.0/build KERNELRELEASE=$kernelver all',
  ],
  [
    'a script, then make',
    [{ program: 'b.sh', words: ['{headers}'] }, { own: true }],
    ['/src/b.sh /k', 'make -C /src'],
    '$dkms_tree/m/1.0/build/b.sh $kernel_source_dir && make -C $dkms_tree/m/1.0/build',
  ],
  [
    'an environment of its own, which takes from dkms what it would add',
    [{ environment: { A: '{version} $x', B: '' } }],
    ["A='1.0 $x' B='' make -C /k M=/src modules"],
    "env A=1.0' \\\\\\$x' B= make -C $kernel_source_dir M=$dkms_tree/m/1.0/build modules -j\\$(nproc)",
  ],
  [
    'a script with an environment, and make with one',
    [
      { program: 'b.sh', environment: { A: '1' } },
      { own: true, environment: { A: '2' } },
    ],
    ['A=1 /src/b.sh', 'A=2 make -C /src'],
    'env A=1 $dkms_tree/m/1.0/build/b.sh && env A=2 make -C $dkms_tree/m/1.0/build',
  ],
]

for (const [what, make, run, dkms] of makes)
  test(`built in ${what}`, () => {
    assert.deepEqual(makeCommands(project({ make }), filling).map(show), run)
    const parts = dkmsMake(project({ make }))
    assert.deepEqual(
      parts.map(({ text, when }) => [plain(text), when]),
      [[dkms, undefined]],
    )
  })

test('what runs before a build runs in the sandbox', () => {
  const one = project({ configure: ['conf/gen.sh', '--for={release}', 'a b'] })
  assert.deepEqual(configureWords(one, filling), [
    'run-in-sandbox',
    './conf/gen.sh',
    '--for=6.12',
    'a b',
  ])
  assert.equal(plain(dkmsConfigure(one)), "run-in-sandbox ./conf/gen.sh --for=$kernelver 'a b'")
})

test('where nothing runs before a build, nothing is run', () => {
  assert.deepEqual(configureWords(project(), filling), [])
  assert.equal(dkmsConfigure(project()), '')
})

test('the sources’ own programs are those that a build runs', () => {
  const make = [{ program: 'b.sh' }, {}, { program: 'c.sh' }]
  assert.deepEqual(ownPrograms({ configure: ['a.sh', 'word'], make }), ['a.sh', 'b.sh', 'c.sh'])
  const programs = { make: [{ program: 'd.sh' }, {}], files: {} }
  assert.deepEqual(ownPrograms({ make, programs }), ['b.sh', 'c.sh', 'd.sh'])
  assert.deepEqual(ownPrograms({ make: [{}] }), [])
})

/** What a manifest has, and build() of AKMBUILD after its first line. */
const builds: [what: string, change: object, lines: string[]][] = [
  [
    'patches, each for its kernels',
    { patches: [{ file: 'fix/a b.patch' }, { file: 'c.patch', kernel: '6.12.x' }] },
    [
      "patch -p1 -i 'patches/a b.patch'",
      `if echo "$kernel_ver" | grep -Eq '^(6\\.(12))([^0-9]|$)'; then patch -p1 -i patches/c.patch; fi`,
      'make -C "$kernel_srcdir" M="$builddir" modules',
    ],
  ],
  [
    'a configure step',
    { configure: ['gen.sh', '--for={release}', 'a b'] },
    [`./gen.sh --for="$kernel_ver" 'a b'`, 'make -C "$kernel_srcdir" M="$builddir" modules'],
  ],
  [
    'words',
    { make: [{ words: ['A={architecture}', 'V={version}'] }] },
    ['make -C "$kernel_srcdir" M="$builddir" A="$(uname -m)" V="1.0" modules'],
  ],
  [
    'two ways, one after the other',
    { make: [{}, { own: true }] },
    ['make -C "$kernel_srcdir" M="$builddir" modules', 'make -C "$builddir"'],
  ],
  [
    'an environment',
    { make: [{ own: true, environment: { A: 'it is $x', V: '{release}' } }] },
    [`env 'A=it is $x' V="$kernel_ver" make -C "$builddir"`],
  ],
  [
    'a call for some kernels',
    { make: [{ kernel: { range: '6.12.x', architectures: ['i686'] } }] },
    [
      `if echo "$kernel_ver" | grep -Eq '^$|^(6\\.(12))([^0-9]|$)' && uname -m | grep -Eq '^$|^(i.86)$'; then`,
      '\tmake -C "$kernel_srcdir" M="$builddir" modules',
      'fi',
    ],
  ],
  [
    'words for some kernels',
    {
      make: [{ words: ['A=1'], also: [{ kernel: { options: ['!CONFIG_B'] }, words: ['B=a b'] }] }],
    },
    [
      'set --',
      `if ! grep -qs '^CONFIG_B=[ym]' "$config"; then`,
      `\tset -- "$@" 'B=a b'`,
      'fi',
      'make -C "$kernel_srcdir" M="$builddir" A=1 "$@" modules',
    ],
  ],
]

for (const [what, change, lines] of builds)
  test(`akms builds with ${what}`, () => {
    assert.deepEqual(akmsBuild(project(change)), ['cd "$builddir"', ...lines])
  })

test('akms’s own way is left to it', () => {
  assert.deepEqual(akmsBuild(project()), [])
  assert.deepEqual(akmsBuild(project({ configure: [], patches: [] })), [])
})
