import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { enrolledKeys, hasEfi, pendingKeys } from '../system/efi.ts'
import { readEnforcement, showEnforcement } from '../system/machine.ts'
import { findModules } from '../system/modules.ts'
import { keyPlaces } from './keys.ts'
import { isEnrolled } from './sign.ts'

/** How things stand with signatures for a kernel: a sentence, and the one thing to do next, if any. */
export interface Signing {
  text: string
  next?: string
}

/** What the firmware knows of a certificate, PEM or DER. */
export function standing(
  cert: Buffer,
): 'no UEFI' | 'enrolled' | 'pending' | 'unknown to the firmware' {
  if (!hasEfi()) return 'no UEFI'
  const der = new X509Certificate(cert).raw
  if (enrolledKeys().some((known) => known.equals(der))) return 'enrolled'
  return pendingKeys().some((known) => known.equals(der)) ? 'pending' : 'unknown to the firmware'
}

function keyStanding(): ReturnType<typeof standing> | 'no key' {
  const place = keyPlaces().find(({ state }) => state === 'complete')
  if (!place) return 'no key'
  try {
    return standing(readFileSync(place.cert))
  } catch {
    return 'unknown to the firmware'
  }
}

const steps: Partial<Record<ReturnType<typeof keyStanding>, string>> = {
  'no key': 'vmmci-dkms keys new',
  'unknown to the firmware': 'vmmci-dkms keys enroll',
  pending: 'reboot',
  // No key can be made known to such a kernel: it was told on its command line to be strict.
  'no UEFI': 'cat /proc/cmdline',
}

/** The whole truth, for check and for status. */
export async function readSigning(project: Project, release: string): Promise<Signing> {
  const enforcement = readEnforcement()
  const text = showEnforcement(enforcement)
  if (!enforcement.enforced && !enforcement.secureBoot) return { text }
  const files = findModules(release, fileNames(project))
  const taken = await Promise.all(files.map(isEnrolled))
  if (files.length > 0 && taken.every(Boolean))
    return { text: `${text}: they are, by an enrolled key` }
  return {
    text: `${text}: ${files.length > 0 ? 'they are not, by an enrolled key' : 'they will have to be'}`,
    next: steps[keyStanding()] ?? 'vmmci-dkms sign',
  }
}
