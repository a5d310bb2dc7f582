import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** shim's own variables; the kernel shows what MokManager has enrolled as MokListRT. */
const SHIM = '605dab50-e046-4300-abb6-3dd810dd8b23'
/** EFI_CERT_X509_GUID, as its bytes lie (UEFI 2.10, 32.4.1). */
const X509 = Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex')
const LIST_HEADER = 28
const OWNER = 16

/**
 * The certificates, DER, in a chain of EFI_SIGNATURE_LISTs: type (16 bytes), its size, the size of a
 * header that X.509 has not, the size of an entry (4 bytes each, little endian); then entries of an owner
 * (16 bytes) and a certificate. What is cut off or of another type is left out.
 */
export function certificatesIn(lists: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at + LIST_HEADER <= lists.length; ) {
    const size = lists.readUInt32LE(at + 16)
    const entry = lists.readUInt32LE(at + 24)
    const end = at + size
    if (size < LIST_HEADER || end > lists.length) break
    const first = at + LIST_HEADER + lists.readUInt32LE(at + 20)
    if (lists.subarray(at, at + 16).equals(X509) && entry > OWNER)
      for (let i = first; i + entry <= end; i += entry)
        found.push(lists.subarray(i + OWNER, i + entry))
    at = end
  }
  return found
}

/** A variable of shim's; undefined where there is none, or no UEFI. efivarfs has 4 bytes before it. */
function shimVariable(name: string, root: string): Buffer | undefined {
  const file = join(root, '/sys/firmware/efi/efivars', `${name}-${SHIM}`)
  try {
    return existsSync(file) ? readFileSync(file).subarray(4) : undefined
  } catch {
    return undefined
  }
}

/** Certificates that shim and the kernel trust as machine owner keys. */
export const enrolledKeys = (root = ''): Buffer[] =>
  certificatesIn(shimVariable('MokListRT', root) ?? Buffer.alloc(0))

/** Certificates that MokManager will ask about at the next boot. */
export const pendingKeys = (root = ''): Buffer[] =>
  certificatesIn(shimVariable('MokNew', root) ?? Buffer.alloc(0))

/** Whether the machine has UEFI at all; vmd's guests have none. */
export const hasEfi = (root = ''): boolean => existsSync(join(root, '/sys/firmware/efi'))
