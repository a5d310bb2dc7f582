import { Option } from 'commander'
import type { Description } from './described.ts'
import type { CommonName } from './options.ts'

/** All that commander calls back with: what is given, then its options. */
type Run = (...given: never[]) => Promise<void>

/** A command as it declares itself, and what loads and runs it. */
export type Declared = readonly [Description, Run]

export const kernels: CommonName[] = ['kernel', 'allKernels']
export const talk: CommonName[] = ['manifest', 'json', 'quiet']
export const change: CommonName[] = ['dryRun', 'verbose']

export const keyOptions = () => [
  new Option('--key <file>', 'this private key, or a pkcs11: URI'),
  new Option('--cert <file>', 'and this certificate'),
]
