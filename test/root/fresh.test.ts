import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { installedFor } from '../support/installed.ts'
import { Root } from '../support/roots.ts'

const readme = readFileSync(join(home, 'README.md'), 'utf8')

/** How the README has it installed from a checkout. */
const install = /^ {4}(npm ci && npx vmmci-dkms install)$/m.exec(readme)?.[1]

/** What it tells to type then, but for what watches, removes, or wants a device. */
const afterwards = readme
  .split('\n')
  .filter((line) => /^ {4}vmmci-dkms (?!watch|smoke|uninstall)/.test(line))

test('a fresh Debian 13: installed by one command from a checkout, found there, and uninstalled', async () => {
  await using root = await Root.of('fresh')
  root.addCheckout('root/checkout')
  // The kernel that comes with its headers boots nowhere, and its initramfs takes a minute.
  await root.sh('ln -s /bin/true /usr/local/sbin/update-initramfs')
  assert.ok(install)
  await root.sh(`cd /root/checkout && ${install} --yes`)
  const [release] = await installedFor(root)
  assert.ok(release)
  await root.sh(`modinfo -k ${release} virtio_vmmci virtio_pci_obsd`)

  const cli = (words: string) => root.sh(`cd /root/checkout && npx vmmci-dkms ${words}`)
  assert.match(await cli('install --yes'), /is installed already/)
  // The command is at hand by its name, without the checkout, and takes itself away.
  await root.sh('rm -r /root/checkout')
  assert.ok(afterwards.length >= 3)
  for (const line of afterwards) await root.sh(line)
  await root.sh('vmmci-dkms uninstall --yes')
  const left = await root.sh(
    "find / -xdev \\( -name '*vmmci*' -o -name '*pci_obsd*' \\) -not -path '/root/*' -not -path '/proc/*'",
  )
  assert.equal(left.trim(), '')
})
