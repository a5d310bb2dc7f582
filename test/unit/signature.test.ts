import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { Failure } from '../../scripts/run/failure.ts'
import {
  isSignedBy,
  readSignature,
  withoutSignatures,
  withSignature,
} from '../../scripts/signing/signature.ts'
import fixture from '../fixtures/signatures/signatures.json' with { type: 'json' }

/**
 * Made by openssl, of P-256 keys. Certificates: a; b, of the same name; c, of the same serial number; d,
 * without a key identifier. Signatures of `content`: `cms -sign -binary -noattr -nocerts` by a, where
 * its name does not say what is different.
 */
const content = Buffer.from('the module')
const der = (name: keyof typeof fixture.signatures) =>
  Buffer.from(fixture.signatures[name], 'base64')
const cert = (name: keyof typeof fixture.certificates) =>
  Buffer.from(fixture.certificates[name], 'base64')
const signed = (name: keyof typeof fixture.signatures) => withSignature(content, der(name))
const read = (module: Buffer) => {
  const signature = readSignature(module)
  assert.ok(signature)
  return signature
}

const magic = '~Module signature appended~\n'

/** A module whose signature says this of itself: what is wrong, and what is said of it. */
function trailed(
  change: (trailer: Buffer) => void,
  before = Buffer.concat([content, der('sha256')]),
) {
  const trailer = Buffer.alloc(12)
  trailer.writeUInt8(2, 2)
  trailer.writeUInt32BE(der('sha256').length, 8)
  change(trailer)
  return Buffer.concat([before, trailer, Buffer.from(magic)])
}

test('a signature lies behind the module as sign-file puts it there', () => {
  assert.deepEqual(
    signed('sha256'),
    trailed(() => {}),
  )
})

const digests = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const

for (const hash of digests)
  test(`a signature by ${hash} is read and verified`, () => {
    const signature = read(signed(hash))
    assert.equal(signature.hash, hash)
    assert.equal(signature.signer, 'a module signing key')
    assert.equal(signature.keyId, '1122')
    assert.deepEqual(signature.content, content)
    assert.equal(isSignedBy(signature, cert('a')), true)
    assert.equal(
      isSignedBy(signature, Buffer.from(new X509Certificate(cert('a')).toString())),
      true,
    )
  })

test('a signature that names its key by an identifier', () => {
  const signature = read(signed('keyid'))
  assert.equal(signature.signer, '')
  assert.match(signature.keyId, /^[0-9a-f]{40}$/)
  assert.equal(isSignedBy(signature, cert('a')), true)
  for (const other of ['b', 'c', 'd'] as const)
    assert.equal(isSignedBy(signature, cert(other)), false)
})

test('only the certificate that is named counts: its issuer and its number', () => {
  for (const other of ['b', 'c', 'd'] as const)
    assert.equal(isSignedBy(read(signed('sha256')), cert(other)), false)
})

/** The certificate a, with its own key, and something else in it. */
function changed(from: string, to: string): Buffer {
  const text = cert('a').toString('hex')
  assert.ok(text.includes(from) && from.length === to.length)
  return Buffer.from(text.replaceAll(from, to), 'hex')
}

const inHex = (text: string) => Buffer.from(text).toString('hex')

test('the right key in a certificate of another number or issuer is not the one that is named', () => {
  const signature = read(signed('sha256'))
  assert.equal(isSignedBy(signature, changed('02021122', '02021123')), false)
  const names = ['a module signing key', 'a module singing key'].map(inHex)
  assert.equal(isSignedBy(signature, changed(...(names as [string, string]))), false)
})

test('the right key in a certificate of another key identifier is not the one that is named', () => {
  const signature = read(signed('keyid'))
  const { keyId } = signature
  assert.equal(isSignedBy(signature, changed(keyId, `${keyId.slice(0, -2)}00`)), false)
  assert.equal(isSignedBy(signature, changed('02021122', '02021123')), true)
})

test('what is signed otherwise than the kernel takes it is not signed', () => {
  assert.equal(isSignedBy(read(signed('attributes')), cert('a')), false)
  const unknown = { ...read(signed('sha256')), hash: '1.2.3' }
  assert.equal(isSignedBy(unknown, cert('a')), false)
})

test('a module that was changed is not signed', () => {
  const changed = withSignature(Buffer.from('the modulf'), der('sha256'))
  assert.equal(isSignedBy(read(changed), cert('a')), false)
})

/** The same signature, saying that it is of another digest: 2.16.840.1.101.3.4.2.LAST. */
function asDigest(last: number): Buffer {
  const text = der('sha256').toString('hex')
  return Buffer.from(text.replaceAll('608648016503040201', `60864801650304020${last}`), 'hex')
}

for (const [last, hash] of [
  [8, 'sha3-256'],
  [9, 'sha3-384'],
  [6, '2.16.840.1.101.3.4.2.6'],
] as const)
  test(`a signature that says it is by ${hash} is told so, and does not fit`, () => {
    const signature = read(withSignature(content, asDigest(last)))
    assert.equal(signature.hash, hash)
    assert.equal(isSignedBy(signature, cert('a')), false)
  })

test('no certificate at all is a mistake of whoever asks', () => {
  assert.throws(() => isSignedBy(read(signed('sha256')), content), {
    kind: 'sign',
    message: 'That is not an X.509 certificate.',
    more: { mend: 'openssl x509 -noout -text -in FILE' },
  })
})

test('a module without a signature has none', () => {
  for (const module of ['', 'x', 'a module', magic.slice(1), `${magic}x`])
    assert.equal(readSignature(Buffer.from(module)), undefined)
  assert.deepEqual(withoutSignatures(content), content)
})

test('all signatures are taken off, the last one is read', () => {
  const twice = withSignature(signed('sha1'), der('sha256'))
  assert.equal(read(twice).hash, 'sha256')
  assert.deepEqual(read(twice).content, signed('sha1'))
  assert.deepEqual(withoutSignatures(twice), content)
})

const length = (value: number) => (trailer: Buffer) => trailer.writeUInt32BE(value, 8)
const field = (at: number) => (trailer: Buffer) => trailer.writeUInt8(1, at)
const whole = content.length + der('sha256').length

const broken: [what: string, module: Buffer, says: RegExp][] = [
  ['nothing but the mark', Buffer.from(magic), /is cut off/],
  ['a byte too few', Buffer.from(`${'x'.repeat(11)}${magic}`), /is cut off/],
  ['another kind', trailed((t) => t.writeUInt8(1, 2)), /is not PKCS#7\./],
  ...[0, 1, 3, 4, 5, 6, 7].map((at): [string, Buffer, RegExp] => [
    `a field ${at} that is not 0`,
    trailed(field(at)),
    /has fields that must be 0/,
  ]),
  ['a length of 0', trailed(length(0)), /has a length that cannot be/],
  ['a length beyond the beginning', trailed(length(whole + 1)), /has a length that cannot be/],
  ['a length of all there is', trailed(length(whole)), /is not PKCS#7 of one signer/],
  ['other content', withSignature(content, der('data')), /is not PKCS#7 of one signer/],
  ['two signers', withSignature(content, der('two')), /is not PKCS#7 of one signer/],
  ['no DER', withSignature(content, content), /is not PKCS#7 of one signer/],
]

for (const [what, module, says] of broken)
  test(`a signature with ${what} is refused`, () => {
    assert.throws(
      () => readSignature(module),
      (error) => error instanceof Failure && error.kind === 'sign' && says.test(error.message),
    )
  })

test('twelve bytes about it are enough to be read', () => {
  const trailer = Buffer.alloc(12)
  assert.throws(
    () => readSignature(Buffer.concat([trailer, Buffer.from(magic)])),
    /is not PKCS#7\./,
  )
  const exact = trailed(() => {}, der('sha256'))
  assert.deepEqual(read(exact).content, Buffer.alloc(0))
  assert.throws(() => readSignature(trailed(field(2))), {
    message: "The module's signature is not PKCS#7.",
    more: { mend: 'modinfo FILE' },
  })
})
