import { existsSync } from 'node:fs'
import { Guest } from './guest.ts'
import type { Accelerator } from './qemu.ts'

/** Longer than a boot takes where it works; where it does not, the guest stands still. */
const LIMIT_S = 20

/** KVM where a guest really boots under it: /dev/kvm is there on machines where none does. */
export async function workingAccelerator(): Promise<Accelerator> {
  if (!existsSync('/dev/kvm')) return 'tcg'
  const guest = await Guest.start({ series: '6.12', accelerator: 'kvm' })
  try {
    await guest.ready(LIMIT_S)
    return 'kvm'
  } catch {
    return 'tcg'
  } finally {
    await guest.dispose()
  }
}
