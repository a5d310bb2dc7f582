import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownManifest, renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { ask } from '../../scripts/run/exec.ts'
import {
  compilerArguments,
  compilerFit,
  compilerNames,
  compilerPackages,
  compilerProblem,
} from '../../scripts/system/compiler.ts'
import { hasOption, parseKernelConfig } from '../../scripts/system/kernel-config.ts'

/** CONFIG_CC_VERSION_TEXT of distributions, the compiler in it, and the packages with apt. */
const said: [text: string, compiler: string, version: string, apt: string][] = [
  ['x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0', '=', '14.2.0', 'gcc-14'],
  ['gcc-10 (Debian 10.2.1-6) 10.2.1 20210110', 'gcc-10', '10.2.1', 'gcc-10'],
  ['x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0', '=', '13.3.0', 'gcc-13'],
  ['gcc (GCC) 15.2.1 20250813', 'gcc', '15.2.1', 'gcc'],
  ['gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-5)', 'gcc', '11.5.0', 'gcc'],
  ['gcc-13 (SUSE Linux) 13.3.0 [revision 4628c8f]', 'gcc-13', '13.3.0', 'gcc-13'],
  ['x86_64-alpine-linux-musl-gcc (Alpine 14.2.0) 14.2.0', '=', '14.2.0', 'gcc'],
  ['Debian clang version 19.1.7 (3)', 'clang', '19.1.7', 'clang lld llvm'],
  ['Ubuntu clang version 14.0.0-1ubuntu1.1', 'clang', '14.0.0', 'clang lld llvm'],
  ['gcc (Somebody 9.9.9) 15.2.1', 'gcc', '15.2.1', 'gcc'],
  ['gcc-15 [revision 9.9.9] 15.2.1', 'gcc-15', '15.2.1', 'gcc-15'],
  ['clang version 20.1.8', 'clang', '20.1.8', 'clang lld llvm'],
  [
    'ClangBuiltLinux clang version 17.0.6 (https://github.com/llvm/llvm-project 6009708b4367)',
    ...(['clang', '17.0.6', 'clang lld llvm'] as const),
  ],
  [
    'Android (12833971, +pgo, based on r536225) clang version 19.0.1 (https://x b3c530d)',
    ...(['clang', '19.0.1', 'clang lld llvm'] as const),
  ],
]

for (const [text, compiler, version, apt] of said)
  test(`the compiler in "${text}"`, () => {
    const built = parseKernelConfig(`CONFIG_CC_VERSION_TEXT="${text}"\n`)
    const expected = compiler === '=' ? text.split(' ')[0] : compiler
    assert.deepEqual([built.compiler, built.compilerVersion], [expected, version])
    const packages = compilerPackages(built, 'apt', ['gcc', 'make'])
    assert.equal(packages.join(' '), `${apt} make`)
  })

test('a .config says what is on, and only by its own lines', () => {
  const config = [
    ...['CONFIG_A=y', 'CONFIG_B=m', '# CONFIG_C is not set', 'CONFIG_D=yes', 'CONFIG_E="y"'],
    ...['#CONFIG_F=y', 'CONFIG_G=n', 'CONFIG_H=y '],
    ...['#CONFIG_GCC_VERSION=140200', 'CONFIG_GCC_VERSION=140200x', 'CONFIG_CLANG_VERSION=0'],
    ...['#CONFIG_CC_VERSION_TEXT="gcc-9 9.1.0"', 'CONFIG_CC_VERSION_TEXT="gcc-8 8.1.0" old'],
  ]
  assert.deepEqual(parseKernelConfig(config.join('\n')), {
    options: new Set(['CONFIG_A', 'CONFIG_B']),
  })
})

for (const [name, on] of [
  ['CONFIG_A', true],
  ['CONFIG_B', false],
  ['!CONFIG_A', false],
  ['!CONFIG_B', true],
] as const)
  test(`${name} is ${on ? '' : 'not '}as asked for`, () => {
    assert.equal(hasOption({ options: new Set(['CONFIG_A']) }, name), on)
  })

test('a kernel that says by options what built it is believed', () => {
  const built = parseKernelConfig('CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=180108\n')
  assert.deepEqual([built.compiler, built.compilerVersion], ['clang', '18.1.8'])
})

for (const [manager, compiler, packages] of [
  ['apt', 'gcc-13', ['gcc-13', 'make']],
  ['zypper', 'gcc-13', ['gcc13', 'make']],
  ['dnf', 'gcc-13', ['gcc', 'make', 'kmod']],
  ['pacman', 'gcc-13', ['gcc', 'make', 'kmod']],
  ['apt', 'gcc-13-mine', ['gcc', 'make', 'kmod']],
  ['zypper', undefined, ['gcc', 'make', 'kmod']],
] as const)
  test(`${compiler ?? 'what nobody tells of'} is ${packages[0]} to ${manager}`, () => {
    const built = { ...(compiler && { compiler }) }
    assert.deepEqual(compilerPackages(built, manager, ['gcc', 'make', 'kmod']), packages)
  })

/** What built a kernel, its version, and the programs that are looked for. */
const looked: [compiler: string | undefined, version: string | undefined, names: string[]][] = [
  [undefined, undefined, ['gcc']],
  ['gcc', '14.2.0', ['gcc']],
  ['gcc-14', '14.2.0', ['gcc-14', 'gcc']],
  ['x86_64-linux-gnu-gcc-14', '14.2.0', ['x86_64-linux-gnu-gcc-14', 'gcc']],
  ['clang', '19.1.7', ['clang-19', 'clang']],
  ['clang', undefined, ['clang']],
]

for (const [compiler, compilerVersion, names] of looked)
  test(`for ${compiler ?? 'anything'} ${compilerVersion ?? ''} ${names.join(', ')} is looked for`, () => {
    const built = { ...(compiler && { compiler }), ...(compilerVersion && { compilerVersion }) }
    assert.deepEqual(compilerNames(built), names)
  })

for (const [theirs, ours, fit] of [
  ['14.2.0', '14.3.0', 'same'],
  ['14.2.0', '13.9.9', 'older'],
  ['14.2.0', '15.1.0', 'newer'],
  [undefined, '15.1.0', 'unknown'],
] as const)
  test(`gcc ${ours} is ${fit} beside ${theirs ?? 'one that nobody tells of'}`, () => {
    const built = { ...(theirs && { compilerVersion: theirs }) }
    assert.equal(compilerFit({ name: 'gcc', version: ours }, built), fit)
  })

for (const [name, told] of [
  ['gcc', []],
  ['gcc-14', ['CC=gcc-14']],
  ['clang', ['LLVM=1']],
  ['clang-19', ['LLVM=-19']],
  ['clang-mine', ['CC=clang-mine']],
  ['my-clang', ['CC=my-clang']],
] as const)
  test(`make is told of ${name}`, () => {
    assert.deepEqual(compilerArguments({ name, version: '1.0.0' }), told)
  })

/** The kernel's gcc, ours, whether the kernel has plugins, and whether that can build. */
const fits: [string, string, boolean, RegExp | undefined][] = [
  ['14.2.0', '14.3.0', true, undefined],
  ['14.2.0', '15.1.0', false, undefined],
  ['14.2.0', '15.1.0', true, /plugins for gcc 14\.2\.0/],
  ['14.2.0', '13.3.0', false, /older than the 14\.2\.0/],
]

for (const [theirs, ours, plugins, problem] of fits)
  test(`gcc ${ours} for a kernel by ${theirs}${plugins ? ' with plugins' : ''}`, () => {
    const options = new Set(plugins ? ['CONFIG_GCC_PLUGINS'] : [])
    const headers = { compiler: 'gcc', compilerVersion: theirs, options }
    const found = compilerProblem({ name: 'gcc', version: ours }, { release: '6.1', headers })
    if (problem) assert.match(found ?? '', problem)
    else assert.equal(found, undefined)
  })

for (const [config, told] of [
  ['CONFIG_CC_IS_CLANG=y', true],
  ['CONFIG_CC_IS_GCC=y', false],
] as const)
  test(`dkms builds ${told ? 'with' : 'without'} LLVM for ${config}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
    t.after(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, '.config'), `${config}\n`)
    writeFileSync(join(folder, 'dkms.conf'), renderDkmsConf(loadManifest(ownManifest)))
    const make = await ask([
      'bash',
      '-c',
      'cd "$1"; kernel_source_dir=$1 dkms_tree=/t; . ./dkms.conf; echo "$MAKE"',
      '-',
      folder,
    ])
    assert.match(make ?? '', /^make( LLVM=1)? -C \S+ M=\/t\S+ modules$/)
    assert.equal(make?.includes(' LLVM=1 '), told)
  })
