import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificatesIn } from '../../scripts/system/efi.ts'

const x509 = 'a159c0a5e494a74a87b5ab155c2bf072'
const sha256 = '2616c4c14c509240aca941f936934328'

/** A list as firmware has it. */
function list(type: string, ...entries: Buffer[]): Buffer {
  const size = 16 + (entries[0]?.length ?? 0)
  const header = Buffer.alloc(28)
  Buffer.from(type, 'hex').copy(header)
  header.writeUInt32LE(28 + entries.length * size, 16)
  header.writeUInt32LE(size, 24)
  return Buffer.concat([header, ...entries.flatMap((entry) => [Buffer.alloc(16, 7), entry])])
}

const [a, b, c] = ['first', 'other', 'a longer one'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
]

test('certificates of several lists, and nothing of other types', () => {
  const lists = Buffer.concat([list(x509, a, b), list(sha256, Buffer.alloc(32)), list(x509, c)])
  assert.deepEqual(certificatesIn(lists), [a, b, c])
  assert.deepEqual(certificatesIn(Buffer.alloc(0)), [])
})

test('a list that is cut off anywhere gives what is whole before it, and ends', () => {
  const lists = Buffer.concat([list(x509, a), list(x509, c)])
  for (let end = 0; end < lists.length; end++) {
    const found = certificatesIn(lists.subarray(0, end))
    assert.deepEqual(found, end < list(x509, a).length ? [] : [a])
  }
})

test('sizes that cannot be end it', () => {
  for (const size of [0, 27, 0xffffffff]) {
    const lists = list(x509, a)
    lists.writeUInt32LE(size, 16)
    assert.deepEqual(certificatesIn(lists), [])
  }
  const none = list(x509, a)
  none.writeUInt32LE(0, 24)
  assert.deepEqual(certificatesIn(none), [])
})
