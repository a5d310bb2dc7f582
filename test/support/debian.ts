import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { installed } from './disks.ts'
import { type Guest, inGuest } from './guest.ts'
import { guestKernel, type Series } from './kernels.ts'
import { Root } from './roots.ts'

/** Boots what a Debian root holds now, by one of its kernels, and leaves the root as it is. */
export async function boot(
  root: Root,
  series: Series,
  run: (guest: Guest) => Promise<void>,
): Promise<void> {
  await using place = await Root.of('qemu')
  const out = join(place.folder, 'installed')
  mkdirSync(out)
  const debian = await installed(root, (await guestKernel(series)).release, out)
  await inGuest('Debian', { series, debian, acpi: true, again: true }, run)
}
