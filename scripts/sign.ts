import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exec, quote } from './exec.ts'
import { Failure } from './failure.ts'
import type { Kernel } from './system/kernels.ts'

/** A private key and its certificate, as sign-file takes them: PEM, or DER for the certificate. */
export interface KeyPair {
  key: string
  cert: string
}

/** The digest that a kernel was configured to sign its own modules with; sha256 where it has none. */
function configuredHash(headers: string): string {
  const config = readFileSync(join(headers, '.config'), 'utf8')
  return /^CONFIG_MODULE_SIG_HASH="(\w+)"$/m.exec(config)?.[1] ?? 'sha256'
}

/** Signs a module in place by the kernel's own sign-file. Throws a Failure of kind sign. */
export async function signModule(kernel: Kernel, file: string, pair: KeyPair): Promise<void> {
  for (const half of [pair.key, pair.cert])
    if (!existsSync(half))
      throw new Failure('sign', `There is no ${half}.`, { mend: `ls -l ${quote(half)}` })
  const headers = kernel.headers.folder ?? `/lib/modules/${kernel.release}/build`
  const program = join(headers, 'scripts/sign-file')
  if (!existsSync(program))
    throw new Failure('sign', `The headers of ${kernel.release} have no sign-file.`, {
      mend: `ls ${quote(join(headers, 'scripts'))}`,
    })
  const argv = [program, configuredHash(headers), pair.key, pair.cert, file]
  const { status, stderr } = await exec({ argv })
  if (status !== 0)
    throw new Failure('sign', `${file} could not be signed.`, {
      details: stderr.trim().split('\n'),
      mend: `openssl pkey -in ${quote(pair.key)} -noout`,
    })
}
