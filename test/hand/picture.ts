import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { screen } from '../../scripts/tools/screen.ts'
import { addHarness, installed } from '../support/disks.ts'
import { inGuest } from '../support/guest.ts'
import { guestKernel } from '../support/kernels.ts'
import { packedPackage, Root } from '../support/roots.ts'

/** npm run picture: docs/pictures, of what the command prints in a whole Debian 13, in this order. */
const pictures: Record<string, { title: string; typed: string[] }> = {
  help: { title: 'The first screen of help', typed: ['vmmci-dkms'] },
  guest: {
    title: 'What a guest printed: installed, loaded, and looked at',
    typed: ['vmmci-dkms install --yes', 'vmmci-dkms smoke'],
  },
  check: { title: 'Can it be built for?', typed: ['vmmci-dkms check'] },
  status: { title: 'What there is', typed: ['vmmci-dkms status'] },
}

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
  for (const [name, { title, typed }] of Object.entries(pictures)) {
    const lines: string[] = []
    for (const line of typed) {
      // A build takes minutes without KVM, and is waited for.
      const printed = await guest.sh(
        `export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n${line} 2>&1`,
        3600,
      )
      lines.push(`# ${line}`, ...printed.replaceAll('\r', '').trimEnd().split('\n'))
    }
    writeFileSync(join(home, `docs/pictures/${name}.svg`), screen(title, lines))
  }
})
