import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { screen } from '../../scripts/tools/screen.ts'
import { addHarness, installed } from '../support/disks.ts'
import { inGuest } from '../support/guest.ts'
import { guestKernel } from '../support/kernels.ts'
import { packedPackage, Root } from '../support/roots.ts'

/** npm run picture: docs/pictures/*.svg, of what the command prints in a whole Debian 13. */
const typed = ['vmmci-dkms install --yes', 'vmmci-dkms smoke', 'vmmci-dkms status']

await using root = await Root.of('debian')
await addHarness(root)
await root.addPackage(await packedPackage())
symlinkSync('/opt/vmmci/dist/entry.cjs', join(root.folder, 'usr/local/bin/vmmci-dkms'))

await using place = await Root.of('qemu')
const out = join(place.folder, 'installed')
mkdirSync(out)
const series = '6.12'
const debian = await installed(root, (await guestKernel(series)).release, out)
await inGuest('Picture', { series, debian, acpi: true, again: true }, async (guest) => {
  for (const [i, line] of typed.entries()) {
    const printed = await guest.sh(`export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
      ${line} 2>&1`)
    const lines = printed.replaceAll('\r', '').trimEnd().split('\n')
    const name = ['install', 'smoke', 'status'][i] as string
    writeFileSync(
      join(home, `docs/pictures/${name}.svg`),
      screen(`${line}, as it was printed in a guest`, [`# ${line}`, ...lines]),
    )
  }
})
