import semver from 'semver'
import { ask, which } from '../../scripts/run/exec.ts'
import type { Root } from './roots.ts'

/** The first QEMU with vfio-user-pci. */
const FIRST = '10.1.0'

async function systemQemu(): Promise<string | undefined> {
  const version = semver.coerce(await ask(['qemu-system-x86_64', '--version']))
  return version && semver.gte(version, FIRST) ? which('qemu-system-x86_64') : undefined
}

/** How QEMU is run: the machine's own where it is new enough, else the root's; in the root's /vm. */
export async function qemuCommand(
  root: Root,
  words: readonly string[],
): Promise<{ argv: string[]; cwd: string }> {
  const own = await systemQemu()
  return own
    ? { argv: [own, ...words], cwd: `${root.folder}/vm` }
    : { argv: root.words(['env', '--chdir=/vm', 'qemu-system-x86_64', ...words]), cwd: '/' }
}

export type Accelerator = 'kvm' | 'tcg'

/** What a first boot showed to work (test/run.ts), else software emulation, which always does. */
export const accelerator = (): Accelerator =>
  process.env.VMMCI_ACCELERATOR === 'kvm' ? 'kvm' : 'tcg'
