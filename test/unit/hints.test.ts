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

test('a known cause gets a hint, an unknown one none', () => {
  assert.match(buildHint('/bin/sh: 1: gcc-14: not found') ?? '', /compiler .* is not installed/)
  assert.match(buildHint('scripts/basic/fixdep: Exec format error') ?? '', /another architecture/)
  assert.equal(buildHint('x.c:1:1: error: expected identifier'), undefined)
})
