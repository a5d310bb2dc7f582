import { verify, X509Certificate } from 'node:crypto'
import { ContentInfo, id_signedData, SignedData, type SignerInfo } from '@peculiar/asn1-cms'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  Certificate,
  id_ce_subjectKeyIdentifier,
  type Name,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509'
import { Failure } from '../run/failure.ts'

/**
 * What a signed module ends with (include/linux/module_signature.h): PKCS#7, twelve bytes about it, of
 * which the last four are its length, big endian, and this line.
 */
const MAGIC = Buffer.from('~Module signature appended~\n')
const TRAILER = 12
/** The only kind of signature that kernels of our range take: PKEY_ID_PKCS7. */
const PKCS7 = 2

/** Digests by their object identifiers, as CONFIG_MODULE_SIG_HASH and node:crypto name them. */
const hashes: Record<string, string> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
}

const COMMON_NAME = '2.5.4.3'

/** A signature, and what it is of. */
export interface ModuleSignature {
  /** The common name of whoever issued the key; empty where only the key's id is told. */
  signer: string
  /** The key by which it is found: a serial number, or a subject key identifier; hexadecimal. */
  keyId: string
  /** sha256 and the like, or the object identifier of a digest that is not known. */
  hash: string
  /** What was signed: the module, with an older signature if one was left in. */
  content: Buffer
  /** Who is meant, and the signature proper. */
  info: SignerInfo
}

const hex = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes as Uint8Array).toString('hex')

const commonName = (name: Name): string =>
  name
    .flatMap((part) => [...part])
    .filter(({ type }) => type === COMMON_NAME)
    .map(({ value }) => value.toString())[0] ?? ''

const broken = (what: string) =>
  new Failure('sign', `The module's signature ${what}.`, { mend: 'modinfo FILE' })

function parseInfo(der: Buffer): SignerInfo {
  try {
    const { contentType, content } = AsnConvert.parse(der, ContentInfo)
    if (contentType !== id_signedData) throw new Error(contentType)
    const [info, more] = AsnConvert.parse(content, SignedData).signerInfos
    if (!info || more) throw new Error('not one signer')
    return info
  } catch {
    throw broken('is not PKCS#7 of one signer')
  }
}

/**
 * Reads the signature that a module ends with; undefined where it has none. Throws a Failure of kind sign
 * where it has one that cannot be read. The kernel looks at the last one, and so does this; the content
 * may end with another.
 */
export function readSignature(module: Buffer): ModuleSignature | undefined {
  const end = module.length - MAGIC.length
  if (end < 0 || !module.subarray(end).equals(MAGIC)) return undefined
  if (end < TRAILER) throw broken('is cut off')
  const trailer = module.subarray(end - TRAILER, end)
  const length = trailer.readUInt32BE(8)
  const start = end - TRAILER - length
  if (trailer.readUInt8(2) !== PKCS7) throw broken('is not PKCS#7')
  // As the kernel demands (kernel/module_signature.c).
  if (trailer.some((byte, at) => at !== 2 && at < 8 && byte !== 0))
    throw broken('has fields that must be 0')
  if (length === 0 || start < 0) throw broken('has a length that cannot be')
  const info = parseInfo(module.subarray(start, start + length))
  const { issuerAndSerialNumber: issued, subjectKeyIdentifier: key } = info.sid
  const oid = info.digestAlgorithm.algorithm
  return {
    signer: issued ? commonName(issued.issuer) : '',
    keyId: issued ? hex(issued.serialNumber) : key ? hex(key.buffer) : '',
    hash: hashes[oid] ?? oid,
    content: module.subarray(0, start),
    info,
  }
}

/** A module with a PKCS#7 signature in DER behind it, as sign-file puts it there. */
export function withSignature(module: Buffer, der: Buffer): Buffer {
  const trailer = Buffer.alloc(TRAILER)
  trailer.writeUInt8(PKCS7, 2)
  trailer.writeUInt32BE(der.length, 8)
  return Buffer.concat([module, der, trailer, MAGIC])
}

/** The module without any signature. */
export function withoutSignatures(module: Buffer): Buffer {
  const signature = readSignature(module)
  return signature ? withoutSignatures(signature.content) : module
}

/** Whether a certificate, PEM or DER, is the one that a signature names. */
function isMeant({ info }: ModuleSignature, certificate: Certificate): boolean {
  const { tbsCertificate: body } = certificate
  const { issuerAndSerialNumber: issued, subjectKeyIdentifier: key } = info.sid
  if (issued)
    return (
      hex(issued.serialNumber) === hex(body.serialNumber) &&
      hex(AsnConvert.serialize(issued.issuer)) === hex(AsnConvert.serialize(body.issuer))
    )
  const own = body.extensions?.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier)
  return (
    own !== undefined &&
    key !== undefined &&
    hex(AsnConvert.parse(own.extnValue, SubjectKeyIdentifier).buffer) === hex(key.buffer)
  )
}

/**
 * Whether the signature is of this very module, and by the key of this certificate (PEM or DER). False for
 * anything that cannot be verified. Throws a Failure of kind sign where the certificate is none.
 */
export function isSignedBy(signature: ModuleSignature, certificate: Buffer): boolean {
  let x509: X509Certificate
  let parsed: Certificate
  try {
    x509 = new X509Certificate(certificate)
    parsed = AsnConvert.parse(x509.raw, Certificate)
  } catch {
    throw new Failure('sign', 'That is not an X.509 certificate.', {
      mend: 'openssl x509 -noout -text -in FILE',
    })
  }
  const { info, content, hash } = signature
  // The kernel takes no signature with attributes for a module (crypto/asymmetric_keys/pkcs7_verify.c).
  if (info.signedAttrs) return false
  try {
    if (!isMeant(signature, parsed)) return false
    return verify(hash, content, x509.publicKey, Buffer.from(info.signature.buffer))
  } catch {
    return false
  }
}
