import { accessSync, constants } from 'node:fs'
import type { Project } from '../manifest/manifest.ts'
import { byRoot, quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { chooseKey, halfKey, type KeyPlace, keyPlaces } from './keys.ts'

function mayUse({ key }: KeyPlace): boolean {
  if (key.startsWith('pkcs11:')) return true
  try {
    accessSync(key, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The key that the manifest's policy says to sign with; undefined where nothing is to be signed. `auto` signs
 * where this user has a key. Throws a Failure of kind sign where `require` finds none, or where it is half
 * a one.
 */
export function keyByPolicy(project: Project): KeyPlace | undefined {
  if (project.signing === 'never') return undefined
  const key = chooseKey()
  if (key && mayUse(key)) return key
  if (project.signing === 'auto') return undefined
  throw new Failure(
    'sign',
    key
      ? `The manifest requires signatures, and ${key.key} cannot be read.`
      : 'The manifest requires signatures, and there is no key.',
    { mend: key ? byRoot(`ls -l ${quote(key.key)}`) : 'vmmci-dkms keys new' },
  )
}

/** Throws where any place holds half a key: dkms would write a new pair over it. */
export function requireWholeKeys(): void {
  const half = keyPlaces().find(({ state }) => state !== 'complete')
  if (half) throw halfKey(half)
}
