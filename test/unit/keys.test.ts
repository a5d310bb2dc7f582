import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { chooseKey, configuredPlace, halfKey, keyPlaces } from '../../scripts/signing/keys.ts'
import { dkmsDropIn, newCert, newKey, newKeyCommands } from '../../scripts/signing/new-key.ts'
import { Tree } from '../support/tree.ts'

const dkms = { key: '/var/lib/dkms/mok.key', cert: '/var/lib/dkms/mok.pub' }

/** Where the distributions have theirs, in the order in which they are taken. */
const places: [of: string, key: string, cert: string][] = [
  ['vmmci-dkms keys new', newKey, newCert],
  ['Ubuntu (shim-signed)', '/var/lib/shim-signed/mok/MOK.priv', '/var/lib/shim-signed/mok/MOK.der'],
  ['dkms', dkms.key, dkms.cert],
  ['akmods', '/etc/pki/akmods/private/private_key.priv', '/etc/pki/akmods/certs/public_key.der'],
]

test("what dkms reads of ours guards dkms's own places", () => {
  const text = readFileSync(join(home, 'kmod/config/half-key.conf'), 'utf8')
  const guarded = [...text.matchAll(/^\tset -- (\/\S+) (\/\S+)$/gm)].map((match) => match.slice(1))
  const own = places.filter(([of]) => /^(Ubuntu|dkms)/.test(of)).map((place) => place.slice(1))
  assert.deepEqual(guarded, own)
})

test('a system without a key has none', () => {
  const { root } = new Tree()
  assert.deepEqual(keyPlaces(undefined, root), [])
  assert.equal(chooseKey(undefined, root), undefined)
})

test('the places of the distributions, ours first', () => {
  const tree = new Tree()
  for (const [, key, cert] of places) for (const file of [key, cert]) tree.put(file)
  assert.deepEqual(
    keyPlaces(undefined, tree.root),
    places.map(([of, key, cert]) => ({ of, key, cert, state: 'complete' })),
  )
  assert.equal(chooseKey(undefined, tree.root)?.of, 'vmmci-dkms keys new')
})

for (const [of, key, cert] of places)
  test(`half a key of ${of} is told, and nothing is signed`, () => {
    for (const [file, missing, state] of [
      [key, cert, 'no certificate'],
      [cert, key, 'no key'],
    ] as const) {
      const tree = new Tree({ [file]: '' })
      assert.deepEqual(keyPlaces({}, tree.root), [{ of, key, cert, state }])
      assert.throws(() => chooseKey({}, tree.root), {
        kind: 'sign',
        message: `Half a key (${of}): ${file} is there, ${missing} is not. Left alone.`,
        more: { mend: `ls -l ${key} ${cert}` },
      })
    }
  })

test('what is named comes first, whether it is there or not', () => {
  const tree = new Tree({ [dkms.key]: '', [dkms.cert]: '', '/a key': '' })
  const [first, second] = keyPlaces({ key: '/a key', cert: '/a cert' }, tree.root)
  assert.deepEqual(first, {
    of: '--key and --cert',
    key: '/a key',
    cert: '/a cert',
    state: 'no certificate',
  })
  assert.equal(second?.of, 'dkms')
  assert.equal(halfKey(first as never).more.mend, "ls -l '/a key' '/a cert'")
})

test('a key alone, or a certificate alone, is half a key', () => {
  const tree = new Tree({ '/k': '', '/c': '' })
  for (const [named, says, mend] of [
    [{ key: '/k' }, '/k is there, the other is not', 'ls -l /k'],
    [{ cert: '/c' }, '/c is there, the other is not', 'ls -l /c'],
  ] as const) {
    const [place] = keyPlaces(named, tree.root)
    assert.equal(place?.state, 'key' in named ? 'no certificate' : 'no key')
    assert.ok(place && halfKey(place).message.includes(says), place && halfKey(place).message)
    assert.equal(halfKey(place).more.mend, mend)
  }
})

test('a token is taken to be there', () => {
  const tree = new Tree({ '/c': '' })
  assert.equal(keyPlaces({ key: 'pkcs11:token=x', cert: '/c' }, tree.root)[0]?.state, 'complete')
  assert.equal(keyPlaces({ key: '/pkcs11:token=x', cert: '/c' }, tree.root)[0]?.state, 'no key')
})

test('what dkms was told of counts before the usual places, and its last word', () => {
  const tree = new Tree({
    '/etc/dkms/framework.conf': '# mok_signing_key=/no\nmok_signing_key=/one.key\n',
    '/etc/dkms/framework.conf.d/b.conf':
      '  mok_certificate="/b.pub" \n mok_signing_key=\'/b.key\'\n',
    '/etc/dkms/framework.conf.d/a.conf': 'mok_certificate=/a.pub\nmok_signing_key=/a.key\n',
    '/etc/dkms/framework.conf.d/c.conf~': 'mok_certificate=/c.pub\nmok_signing_key=/c.key\n',
    '/b.key': '',
    '/b.pub': '',
    [dkms.key]: '',
    [dkms.cert]: '',
  })
  assert.deepEqual(
    keyPlaces(undefined, tree.root).map(({ of, key, cert }) => [of, key, cert]),
    [
      [configuredPlace, '/b.key', '/b.pub'],
      ['dkms', dkms.key, dkms.cert],
    ],
  )
})

test('half a setting of dkms is none', () => {
  for (const text of ['mok_signing_key=/k\n', 'mok_certificate=/c\n', 'mok_signing_key=""\n']) {
    const tree = new Tree({ '/etc/dkms/framework.conf': text, '/k': '', '/c': '' })
    assert.deepEqual(keyPlaces(undefined, tree.root), [])
  }
})

test('a place that dkms was told of, and that is one of the usual ones, is told once', () => {
  const tree = new Tree({
    [dkmsDropIn.path]: dkmsDropIn.text ?? '',
    [newKey]: '',
    [newCert]: '',
  })
  assert.deepEqual(keyPlaces(undefined, tree.root), [
    { of: configuredPlace, key: newKey, cert: newCert, state: 'complete' },
  ])
})

test('a key is born unreadable for others, for modules and nothing else', () => {
  const [folder, make, readable] = newKeyCommands(false)
  assert.deepEqual(folder, {
    argv: ['install', '-d', '-m', '700', '/var/lib/vmmci-dkms'],
    root: true,
  })
  assert.deepEqual(readable, { argv: ['chmod', '644', newCert], root: true })
  const name = hostname().replaceAll(/[^\w.-]/g, '-')
  assert.deepEqual(make, {
    root: true,
    argv: [
      ...['sh', '-c', 'umask 077 && exec "$@"', 'sh'],
      ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-sha256', '-days', '3650'],
      ...['-subj', `/CN=${name} module signing key`, '-keyout', newKey],
      ...['-outform', 'DER', '-out', newCert],
      ...['-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-addext', 'keyUsage=critical,digitalSignature'],
      ...['-addext', 'extendedKeyUsage=codeSigning,1.3.6.1.4.1.2312.16.1.2'],
      ...['-addext', 'subjectKeyIdentifier=hash', '-nodes'],
    ],
  })
})

test('a passphrase is in no argument', () => {
  const argv = newKeyCommands(true)[1]?.argv ?? []
  assert.deepEqual(argv.slice(-2), ['-passout', 'env:KBUILD_SIGN_PIN'])
  assert.ok(!argv.includes('-nodes'))
})
