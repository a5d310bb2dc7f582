import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { newCert, newKey } from './new-key.ts'

/** A private key and its certificate, as sign-file takes them: PEM or pkcs11:, and PEM or DER. */
export interface KeyPair {
  key: string
  cert: string
}

/** A place where a key for modules may be. */
export interface KeyPlace extends KeyPair {
  /** Whose place it is. */
  of: string
  state: 'complete' | 'no key' | 'no certificate'
}

/** What keys new makes. */
const ours = { of: 'vmmci-dkms keys new', key: newKey, cert: newCert }

/** The places that distributions and dkms use by themselves. */
const usual: (KeyPair & { of: string })[] = [
  {
    of: 'Ubuntu (shim-signed)',
    key: '/var/lib/shim-signed/mok/MOK.priv',
    cert: '/var/lib/shim-signed/mok/MOK.der',
  },
  { of: 'dkms', key: '/var/lib/dkms/mok.key', cert: '/var/lib/dkms/mok.pub' },
  {
    of: 'akmods',
    key: '/etc/pki/akmods/private/private_key.priv',
    cert: '/etc/pki/akmods/certs/public_key.der',
  },
]

/** What the place is called that dkms was told of. */
export const configuredPlace = "dkms's framework.conf"

/** What dkms was told in framework.conf; the last word counts, as in the shell that reads it. */
function configured(root: string): (KeyPair & { of: string }) | undefined {
  const folder = '/etc/dkms/framework.conf.d'
  const more = existsSync(join(root, folder)) ? readdirSync(join(root, folder)).sort() : []
  const files = ['/etc/dkms/framework.conf', ...more.map((name) => join(folder, name))]
  const text = files
    .filter((file) => file.endsWith('.conf') && existsSync(join(root, file)))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
  const value = (name: string) =>
    [...text.matchAll(new RegExp(`^\\s*${name}=(["']?)(.+?)\\1\\s*$`, 'gm'))].at(-1)?.[2]
  const [key, cert] = [value('mok_signing_key'), value('mok_certificate')]
  return key && cert ? { of: configuredPlace, key, cert } : undefined
}

/** Every place that holds a key or half a one, the one to be taken first. `root` is for tests. */
export function keyPlaces(named?: Partial<KeyPair>, root = ''): KeyPlace[] {
  const { key, cert } = named ?? {}
  const asked = key || cert ? [{ of: '--key and --cert', key: key ?? '', cert: cert ?? '' }] : []
  const told = configured(root)
  const there = (file: string) =>
    file.startsWith('pkcs11:') || (file !== '' && existsSync(join(root, file)))
  const places = [...asked, ...(told ? [told] : []), ours, ...usual]
  return places.flatMap((pair, i) => {
    if (places.findIndex(({ key }) => key === pair.key) < i) return []
    const has = { key: there(pair.key), cert: there(pair.cert) }
    if (!has.key && !has.cert && !asked.includes(pair)) return []
    const state = !has.key ? 'no key' : !has.cert ? 'no certificate' : 'complete'
    return [{ ...pair, state }]
  })
}

/** What is said of half a key. */
export function halfKey({ of, key, cert, state }: KeyPlace): Failure {
  const [missing, present] = state === 'no key' ? [key, cert] : [cert, key]
  return new Failure(
    'sign',
    `Half a key (${of}): ${present || 'the one'} is there, ${missing || 'the other'} is not. Left alone.`,
    { mend: `ls -l ${[key, cert].filter(Boolean).map(quote).join(' ')}` },
  )
}

/**
 * The key to sign with: the first that there is. Throws a Failure of kind sign where it is half a one, which
 * dkms would write a new pair over; nothing here ever does.
 */
export function chooseKey(named?: Partial<KeyPair>, root = ''): KeyPlace | undefined {
  const [first] = keyPlaces(named, root)
  if (first && first.state !== 'complete') throw halfKey(first)
  return first
}
