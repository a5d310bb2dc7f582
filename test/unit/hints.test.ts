import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildHint, errorLines, outOfSpace, refusalHint } from '../../scripts/build/hints.ts'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import { explained } from '../../scripts/install/steps.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Step } from '../../scripts/run/steps.ts'

/** As gcc, as, fixdep and others said it, on a disk that was full and on one that was not. */
const logs: [says: string, full: boolean][] = [
  [
    "can't write 77 bytes to section .text of virtio_vmmci_command.o: 'No space left on device'",
    true,
  ],
  ['fatal error: closing dependency file .virtio_vmmci_clock.o.d: No space left on device', true],
  ['fixdep: not all data was written to the output\nmake[2]: *** [x.o] Error 1', true],
  ['x.c:1:1: error: expected identifier', false],
  ['fixdep: error opening file: .x.o.d: No such file or directory', false],
]

for (const [says, full] of logs)
  test(`${full ? 'no space' : 'something else'}: ${says.split('\n')[0]}`, () =>
    assert.equal(outOfSpace(says), full))

/** As make, gcc and sh said it, and the cause that people are told. */
const causes: [says: string, cause: RegExp | undefined][] = [
  ['/bin/sh: 1: gcc-14: not found', /compiler .* is not installed/],
  ['make[3]: gcc-13: No such file or directory', /compiler .* is not installed/],
  ['scripts/basic/fixdep: Exec format error', /another architecture/],
  ['/bin/sh: 1: ./tools/objtool/objtool: not found', /lack a program/],
  ["make[3]: *** No rule to make target 'tools/objtool/objtool', needed by 'x.o'.", /lack a prog/],
  ['/bin/sh: scripts/mod/modpost: No such file or directory', /lack a program/],
  ['cc1: error: incompatible gcc/plugin versions', /plugins for its own gcc/],
  ['cc1: error: cannot load plugin ./scripts/gcc-plugins/randomize_layout_plugin.so', /plugins/],
  ["gcc: error: unrecognized command-line option '-mretpoline-external-thunk'", /another kind/],
  ['/bin/sh: 1: ld.lld: not found', /clang, lld and llvm/],
  ['x.c:1:1: error: expected identifier', undefined],
]

for (const [says, cause] of causes)
  test(`the cause of: ${says}`, () => {
    const hint = buildHint(says)
    if (cause) assert.match(hint ?? '', cause)
    else assert.equal(hint, undefined)
  })

/** What modprobe says, why that is, and the command that mends it. */
const refusals: [says: string, why: RegExp | undefined, mend?: string][] = [
  ["could not insert 'x': Key was rejected by service", /signed with a key/, 'keys show'],
  ["could not insert 'x': Required key not available", /signed with a key/, 'keys show'],
  ["could not insert 'x': Operation not permitted", /signed with a key/, 'keys show'],
  ["could not insert 'x': Exec format error", /another kernel/, 'install'],
  ['insmod: ERROR: could not insert module x.ko: Invalid module format', /another kern/, 'install'],
  ['modprobe: FATAL: Module x not found in directory /lib/modules/6.1', /not installed/, 'install'],
  ["could not insert 'x': No such device", undefined],
]

for (const [says, why, mend] of refusals)
  test(`why a module is not loaded: ${says}`, () => {
    const found = refusalHint(says)
    if (!why) return assert.equal(found, undefined)
    assert.match(found?.hint ?? '', why)
    assert.equal(found?.mend, `vmmci-dkms ${mend}`)
  })

/** A make log, and what of it is shown; the first is what went wrong first. */
const makeLogs: [what: string, log: string[], shown: string[]][] = [
  [
    'a compiler’s error, with what it points to',
    [
      ...['  CC [M]  x.o', 'x.c: In function f:', 'x.c:7:3: error: no such thing', '    7 | thing'],
      ...['', 'make[2]: *** [x.o] Error 1', ''],
    ],
    ['x.c:7:3: error: no such thing', '    7 | thing', 'make[2]: *** [x.o] Error 1'],
  ],
  [
    'the linker’s',
    ['  MODPOST', 'ERROR: modpost: "f" [x.ko] undefined!', 'make: *** Error 12'],
    ['ERROR: modpost: "f" [x.ko] undefined!', 'make: *** Error 12'],
  ],
  [
    'an error that is the first line',
    ['fatal: x.h', 'compilation ended'],
    ['fatal: x.h', 'compilation ended'],
  ],
  [
    'words that only look like one',
    ['  CC  terror.o', '  CC  errors.o', '', 'Killed'],
    ['  CC  terror.o', '  CC  errors.o', 'Killed'],
  ],
]

for (const [what, log, shown] of makeLogs)
  test(`shown of a log: ${what}`, () => assert.deepEqual(errorLines(log.join('\n')), shown))

test('a file is told as the sources have it, not by the folder that goes with the build', () => {
  const log = '/tmp/w-1/sub/x.c:7:3: error: f\n/usr/src/linux-headers/y.h:1: note: g'
  assert.deepEqual(errorLines(log, '/tmp/w-1'), [
    'sub/x.c:7:3: error: f',
    '/usr/src/linux-headers/y.h:1: note: g',
  ])
})

test('twelve lines of a log are shown', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`)
  assert.deepEqual(errorLines(lines.join('\n')), lines.slice(8))
  const error = 'x.c:1:1: error: a'
  const log = [...lines, error, ...lines].join('\n')
  assert.deepEqual(errorLines(log), [error, ...lines.slice(0, 11)])
})

test('an installation says what failed, not which of its own scripts did', () => {
  const steps: Step[] = [{ title: 'Build', kind: 'build' }]
  const [step] = explained(loadManifest(ownManifest), ['6.1'], steps)
  const message = (stderr: string) =>
    step?.explain?.({ argv: ['every-kernel'] }, { status: 8, stdout: '', stderr })?.message
  const said = 'a.c:1: error\nm: the modules could not be built for kernel 6.1.\n  Its log: /l\n'
  assert.equal(message(said), 'The modules could not be built for kernel 6.1.')
  assert.equal(message('Killed'), 'every-kernel failed with status 8.')
})
