import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildHint, outOfSpace } from '../../scripts/build/hints.ts'

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
