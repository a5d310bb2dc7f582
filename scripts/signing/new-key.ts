import { hostname } from 'node:os'
import { join } from 'node:path'
import type { NewFile } from '../install/files.ts'
import type { Command } from '../run/exec.ts'

/** Where a key of ours lies: nobody but root may look into it. */
export const keyFolder = '/var/lib/vmmci-dkms'
export const newKey = join(keyFolder, 'module-signing.key')
export const newCert = join(keyFolder, 'module-signing.der')

/** Tells dkms of the key, so that a rebuild at a kernel upgrade signs with the same one. */
export const dkmsDropIn: NewFile = {
  path: '/etc/dkms/framework.conf.d/vmmci-dkms.conf',
  text: `# Written by vmmci-dkms keys new.\nmok_signing_key="${newKey}"\nmok_certificate="${newCert}"\n`,
}

/** Ten years: a certificate that runs out takes no module back, but no shim enrols one that has. */
const DAYS = 3650

/**
 * What makes a key for module signing and nothing else: digitalSignature, codeSigning, and the OID by which
 * shim tells such keys from those for boot loaders (1.3.6.1.4.1.2312.16.1.2). Born unreadable for others:
 * umask comes before openssl. A passphrase is asked for by openssl itself, or read from KBUILD_SIGN_PIN,
 * as sign-file does; it is in no argument.
 */
export function newKeyCommands(passphrase: boolean): Command[] {
  const name = hostname().replaceAll(/[^\w.-]/g, '-')
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=codeSigning,1.3.6.1.4.1.2312.16.1.2',
    'subjectKeyIdentifier=hash',
  ]
  const request = [
    ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-sha256', '-days', String(DAYS)],
    ...['-subj', `/CN=${name} module signing key`, '-keyout', newKey],
    ...['-outform', 'DER', '-out', newCert],
    ...extensions.flatMap((extension) => ['-addext', extension]),
    ...(passphrase ? ['-passout', 'env:KBUILD_SIGN_PIN'] : ['-nodes']),
  ]
  return [
    { argv: ['install', '-d', '-m', '700', keyFolder], root: true },
    { argv: ['sh', '-c', 'umask 077 && exec "$@"', 'sh', ...request], root: true },
    { argv: ['chmod', '644', newCert], root: true },
  ]
}
