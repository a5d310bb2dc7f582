import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { boot } from '../support/debian.ts'
import { addHarness } from '../support/disks.ts'
import type { Guest } from '../support/guest.ts'
import { guestKernel } from '../support/kernels.ts'
import { TheirModule } from '../support/their-module.ts'

const manifest = '/root/their/manifest.json'
const ours = (words: string) => `node /opt/vmmci/dist/entry.cjs ${words} --manifest ${manifest}`

/** What shows that v4l2loopback works: the number that it was told, and the name that it gave itself. */
const shows = {
  expect: [
    { pattern: 'v4l2-loopback driver version 0\\.15\\.0 loaded', reason: 'the module started' },
  ],
  values: [
    {
      label: 'camera 7',
      path: '/sys/devices/virtual/video4linux/video7/name',
      pattern: '^a loop',
      reason: 'made with the parameters of modprobe.d',
    },
  ],
}

/** systemd loaded it at the boot, and it does what its manifest says. */
async function works(guest: Guest): Promise<void> {
  assert.match(await guest.sh('lsmod'), /^v4l2loopback /m)
  assert.match(await guest.sh(ours('smoke --tap')), /^ok \d+ - .*camera 7/m)
}

test('v4l2loopback in a booted Debian: loaded, smoke, an upgrade, and the next kernel', async () => {
  const [old, next] = [await guestKernel('6.12'), await guestKernel('7.3')]
  await using their = await TheirModule.of('v4l2loopback-dkms', undefined, 'debian')
  const { root, release } = their
  assert.equal(release, old.release, 'the roots are of different days')
  const file = join(root.folder, manifest)
  const theirs = JSON.parse(readFileSync(file, 'utf8'))
  theirs.install = { ...theirs.install, autoload: 'boot' }
  theirs.modules[0].parameters = { video_nr: '7', card_label: 'a loop' }
  theirs.smoke = shows
  writeFileSync(file, JSON.stringify(theirs))
  await addHarness(root)
  await their.must('install', '--yes')

  await boot(root, '6.12', async (guest) => {
    await works(guest)
    await guest.sh(`sed -i 's/"version":"0.15.0"/"version":"0.15.0.1"/' ${manifest}`)
    await guest.sh(ours('install --yes'), 1200)
    assert.match(await guest.sh('dkms status'), /^v4l2loopback\/0\.15\.0\.1, .*: installed\r?$/)
    await works(guest)
  })

  await root.sh(`apt-get update -q && apt-get install -y -q --no-install-recommends \\
    -t trixie-backports linux-image-${next.release} linux-headers-${next.release} 2>&1`)
  await boot(root, '7.3', works)
})
