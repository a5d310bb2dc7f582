import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../scripts/run/failure.ts'
import {
  isSignedBy,
  readSignature,
  withoutSignatures,
  withSignature,
} from '../../scripts/signing/signature.ts'
import { builtModules } from '../support/kernels.ts'
import { Root } from '../support/roots.ts'

const files = ['plain', 'sha256', 'sha512', 'ec', 'keyid', 'twice', 'attributes'] as const
const made = {} as Record<(typeof files)[number] | 'cert' | 'ec.cert' | 'other.cert', Buffer>

/** A module signed by the kernel's own sign-file in each way it knows, and by openssl as it should not. */
before(async () => {
  await using root = await Root.of('package')
  await root.copyIn(join(await builtModules('6.12'), 'virtio_vmmci.ko'), '/root/plain')
  await root.sh(`
    cd /root
    new() { openssl req -x509 -nodes -subj "/CN=$1" -keyout $2key -out $2cert -days 9 -newkey "$3" $4 2>/dev/null; }
    new 'a key' '' rsa:2048
    new other other. rsa:2048
    new 'a curve' ec. ec '-pkeyopt ec_paramgen_curve:P-384'
    sign=$(ls /lib/modules/*/build/scripts/sign-file)
    $sign sha256 key cert plain sha256
    $sign sha512 key cert plain sha512
    $sign sha384 ec.key ec.cert plain ec
    $sign -k sha256 key cert plain keyid
    $sign sha256 other.key other.cert sha512 twice
    openssl cms -sign -binary -nocerts -outform DER -in plain -signer cert -inkey key -md sha256 -out attributes`)
  for (const name of [...files, 'cert', 'ec.cert', 'other.cert'] as const)
    made[name] = readFileSync(join(root.folder, 'root', name))
  made.attributes = withSignature(made.plain, made.attributes)
})

const signatureOf = (name: keyof typeof made) => {
  const signature = readSignature(made[name])
  assert.ok(signature, name)
  return signature
}

test('who signed, with what, and that it is so', () => {
  for (const [name, signer, hash, cert] of [
    ['sha256', 'a key', 'sha256', 'cert'],
    ['sha512', 'a key', 'sha512', 'cert'],
    ['ec', 'a curve', 'sha384', 'ec.cert'],
    ['keyid', '', 'sha256', 'cert'],
  ] as const) {
    const signature = signatureOf(name)
    assert.deepEqual([signature.signer, signature.hash], [signer, hash], name)
    assert.match(signature.keyId, /^[0-9a-f]{16,}$/)
    assert.deepEqual(signature.content, made.plain)
    assert.equal(isSignedBy(signature, made[cert]), true, name)
    assert.equal(isSignedBy(signature, made['other.cert']), false, name)
  }
})

test('a module without a signature has none, and stays as it is', () => {
  assert.equal(readSignature(made.plain), undefined)
  assert.equal(readSignature(Buffer.alloc(0)), undefined)
  assert.deepEqual(withoutSignatures(made.plain), made.plain)
})

test('of two signatures the last one counts', () => {
  const last = signatureOf('twice')
  assert.equal(last.signer, 'other')
  assert.deepEqual(last.content, made.sha512)
  assert.equal(isSignedBy(last, made['other.cert']), true)
  assert.equal(isSignedBy(last, made.cert), false)
  assert.deepEqual(withoutSignatures(made.twice), made.plain)
})

test('a signature with attributes, which the kernel takes for no module, is not valid', () => {
  const signature = signatureOf('attributes')
  assert.equal(signature.signer, 'a key')
  assert.equal(isSignedBy(signature, made.cert), false)
})

test('what is no certificate is said to be none', () => {
  assert.throws(() => isSignedBy(signatureOf('sha256'), made.plain), Failure)
})

/**
 * Whether it is called valid and is not what was signed. An answer or a clear error is right otherwise:
 * a few bytes of PKCS#7, such as its version, say nothing and are not signed.
 */
function isWronglyValid(module: Buffer): boolean {
  try {
    const signature = readSignature(module)
    if (!signature || !isSignedBy(signature, made.cert)) return false
    return !signature.content.equals(made.plain) || signature.hash !== 'sha256'
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

test('cut off anywhere: never valid', () => {
  const { length } = made.sha256
  fc.assert(
    fc.property(fc.nat(length - 1), (end) => !isWronglyValid(made.sha256.subarray(0, end))),
    { numRuns: 2000 },
  )
})

test('10,000 corruptions: never valid, never a crash', () => {
  const { length } = made.sha256
  // As often in what follows the module, a few hundred bytes of 60,000, as anywhere.
  const place = fc.oneof(fc.nat(length - 1), fc.integer({ min: length - 500, max: length - 1 }))
  const change = fc.tuple(place, fc.integer({ min: 1, max: 255 }))
  // The issuer's name as a UTCTime (tag 23, not 12), which it is not: read, but not to be written again.
  const name = made.sha256.lastIndexOf('\x0c\x05a key')
  assert.notEqual(name, -1)
  fc.assert(
    fc.property(
      fc.uniqueArray(change, { minLength: 1, maxLength: 8, selector: ([at]) => at }),
      (changes) => {
        const altered = Buffer.from(made.sha256)
        for (const [at, bits] of changes) altered.writeUInt8(altered.readUInt8(at) ^ bits, at)
        return !isWronglyValid(altered)
      },
    ),
    { numRuns: 10_000, examples: [[[[name, 12 ^ 23]]]] },
  )
})
