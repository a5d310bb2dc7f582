import { X509Certificate } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { home } from '../home.ts'
import { type Command, exec, quote, show, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { newFolder, scratchFolder } from '../run/scratch.ts'
import { enrolledKeys } from '../system/efi.ts'
import type { Kernel } from '../system/kernels.ts'
import type { KeyPair } from './keys.ts'
import { isSignedBy, readSignature, withoutSignatures, withSignature } from './signature.ts'

/** What packs and unpacks modules, here as where dkms runs. */
const script = join(home, 'scripts/guest/signature-policy')

/** What unpacks a copy of a module in its place, if it is packed, and what packs it again as it was. */
function packing(packed: string): { plain: string; unpack: Command[]; pack: Command[] } {
  const plain = packed.replace(/(\.ko)\.\w+$/, '$1')
  const end = packed.slice(plain.length)
  return {
    plain,
    unpack: end ? [{ argv: [script, 'unpack', packed] }] : [],
    pack: end ? [{ argv: [script, 'pack', plain, end] }] : [],
  }
}

/** The digest that a kernel was configured to sign its own modules with; sha256 where it has none. */
function configuredHash({ release, headers }: Kernel): string {
  const files = [
    ...(headers.folder ? [join(headers.folder, '.config')] : []),
    `/boot/config-${release}`,
  ]
  const config = files.find((file) => existsSync(file))
  const text = config ? readFileSync(config, 'utf8') : ''
  return /^CONFIG_MODULE_SIG_HASH="(\w+)"$/m.exec(text)?.[1] ?? 'sha256'
}

async function must(command: Command): Promise<void> {
  const { status, stderr } = await exec(command)
  if (status !== 0)
    throw new Failure('sign', `${show(command)} failed with status ${status}.`, {
      details: stderr.trim().split('\n'),
    })
}

/** By sign-file of the kernel's own build, or Ubuntu's kmodsign; undefined where there is neither. */
function signCommand(kernel: Kernel, file: string, { key, cert }: KeyPair): Command | undefined {
  const signFile = kernel.headers.folder && join(kernel.headers.folder, 'scripts/sign-file')
  const program = signFile && existsSync(signFile) ? signFile : which('kmodsign')
  return program === undefined
    ? undefined
    : { argv: [program, configuredHash(kernel), key, cert, file], root: !canRead(key) }
}

/** sign-file, kmodsign, or openssl: the first that is there. */
async function signPlain(kernel: Kernel, file: string, pair: KeyPair): Promise<void> {
  const command = signCommand(kernel, file, pair)
  if (command) return must(command)
  const hash = configuredHash(kernel)
  const der = `${file}.der`
  const cert = `${file}.pem`
  writeFileSync(cert, new X509Certificate(readFileSync(pair.cert)).toString())
  await must({
    argv: [
      ...['openssl', 'cms', '-sign', '-binary', '-noattr', '-nocerts', '-md', hash],
      // Where sign-file reads it, too.
      ...(process.env.KBUILD_SIGN_PIN ? ['-passin', 'env:KBUILD_SIGN_PIN'] : []),
      ...['-signer', cert, '-inkey', pair.key, '-in', file, '-outform', 'DER', '-out', der],
    ],
    root: !canRead(pair.key),
  })
  writeFileSync(file, withSignature(readFileSync(file), readFileSync(der)))
}

function canRead(file: string): boolean {
  try {
    readFileSync(file)
    return true
  } catch {
    return file.startsWith('pkcs11:')
  }
}

/** Runs `work` with an uncompressed copy of a module, and what would compress it again. */
async function withPlain<T>(
  file: string,
  work: (plain: string, pack: () => Promise<string>) => Promise<T>,
): Promise<T> {
  const folder = scratchFolder()
  try {
    const packed = join(folder, basename(file))
    const { plain, unpack, pack } = packing(packed)
    copyFileSync(file, packed)
    for (const command of unpack) await must(command)
    return await work(plain, async () => {
      for (const command of pack) await must(command)
      return packed
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isBy = (plain: string, pair: KeyPair): boolean => {
  const signature = readSignature(readFileSync(plain))
  return signature !== undefined && isSignedBy(signature, readFileSync(pair.cert))
}

/** Whether a module, compressed or not, is signed by a key. */
export const isSignedWith = (file: string, pair: KeyPair): Promise<boolean> =>
  withPlain(file, async (plain) => isBy(plain, pair))

/** Whether a module is signed by one of the keys that the machine's owner has enrolled. */
export const isEnrolled = (file: string): Promise<boolean> =>
  withPlain(file, async (plain) => {
    const signature = readSignature(readFileSync(plain))
    return signature !== undefined && enrolledKeys().some((cert) => isSignedBy(signature, cert))
  })

/**
 * Signs a module, compressed or not, in the place of what signed it before, and checks that the signature
 * is of this module and by this key. The file is exchanged whole, and keeps its mode, owner and
 * compression. Throws a Failure of kind sign; then the file is as it was.
 */
export async function signModule(kernel: Kernel, file: string, pair: KeyPair): Promise<void> {
  await withPlain(file, async (plain, pack) => {
    writeFileSync(plain, withoutSignatures(readFileSync(plain)))
    await signPlain(kernel, plain, pair)
    if (!isBy(plain, pair))
      throw new Failure('sign', `The signature of ${file} is not by ${pair.cert}.`, {
        mend: `openssl x509 -noout -subject -in ${quote(pair.cert)}`,
      })
    for (const command of exchangeCommands(await pack(), file)) await must(command)
  })
}

/** What puts another in a file's place, whole or not at all; mode and owner stay. */
function exchangeCommands(by: string, file: string): Command[] {
  const { uid, gid, mode } = statSync(file)
  const own = ['-o', String(uid), '-g', String(gid), '-m', (mode & 0o7777).toString(8)]
  const root = uid !== process.getuid?.()
  return [
    { argv: ['install', ...own, by, `${file}.new`], root },
    { argv: ['mv', '-fT', `${file}.new`, file], root },
  ]
}

/** What a person would type to do as signModule(); undefined where no program signs by itself. */
export async function typedSigning(
  kernel: Kernel,
  file: string,
  pair: KeyPair,
): Promise<Command[] | undefined> {
  const work = newFolder()
  const packed = join(work, basename(file))
  const { plain, unpack, pack } = packing(packed)
  const sign = signCommand(kernel, plain, pair)
  const size = await withPlain(file, async (plain) => withoutSignatures(readFileSync(plain)).length)
  return (
    sign && [
      { argv: ['mkdir', '-m', '700', work] },
      { argv: ['cp', file, work] },
      ...unpack,
      // Signatures are behind the module.
      { argv: ['truncate', '-s', String(size), plain] },
      sign,
      ...pack,
      ...exchangeCommands(packed, file),
      { argv: ['rm', '-r', work] },
    ]
  )
}
