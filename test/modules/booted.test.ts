import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import type { Manifest } from '../../scripts/manifest/manifest.ts'
import { boot } from '../support/debian.ts'
import { addHarness } from '../support/disks.ts'
import type { Guest } from '../support/guest.ts'
import { guestKernel } from '../support/kernels.ts'
import { packedPackage, Root } from '../support/roots.ts'
import { TheirModule } from '../support/their-module.ts'

const manifest = '/root/their/manifest.json'
const ours = (words: string) => `node /opt/vmmci/dist/entry.cjs ${words} --manifest ${manifest}`

/** A module, installed in a Debian that can boot, by a manifest to which something was added by hand. */
async function installed(name: string, change: (theirs: Written) => void): Promise<TheirModule> {
  const their = await TheirModule.of(name, undefined, 'debian')
  assert.equal(
    their.release,
    (await guestKernel('6.12')).release,
    'the roots are of different days',
  )
  const file = join(their.root.folder, manifest)
  const theirs = JSON.parse(readFileSync(file, 'utf8'))
  theirs.install = { ...theirs.install, autoload: 'boot' }
  change(theirs)
  writeFileSync(file, JSON.stringify(theirs))
  await addHarness(their.root)
  await their.must('install', '--yes')
  return their
}

type Written = Pick<Manifest, 'smoke'> & Required<Pick<Manifest, 'modules'>>

/** systemd loaded it at the boot, and it does what its manifest says. */
const works = (module: string) => async (guest: Guest) => {
  assert.match(await guest.sh('lsmod'), new RegExp(`^${module} `, 'm'))
  await guest.sh(ours('smoke'))
}

test('v4l2loopback in a booted Debian: loaded, smoke, and an upgrade', async () => {
  await using their = await installed('v4l2loopback-dkms', (theirs) => {
    const [module] = theirs.modules
    if (module) module.parameters = { video_nr: '7', card_label: 'a loop' }
    theirs.smoke = {
      expect: [
        {
          pattern: 'v4l2-loopback driver version 0\\.15\\.0 loaded',
          reason: 'the module started',
        },
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
  })
  await boot(their.root, '6.12', async (guest) => {
    await works('v4l2loopback')(guest)
    await guest.sh(`sed -i 's/"version":"0.15.0"/"version":"0.15.0.1"/' ${manifest}`)
    await guest.sh(ours('install --yes'), 1200)
    assert.match(await guest.sh('dkms status'), /^v4l2loopback\/0\.15\.0\.1, .*: installed\r?$/)
    await works('v4l2loopback')(guest)
  })
})

// v4l2loopback 0.15.0 does not compile on that one.
test('acpi-call is there on the next kernel, too', async () => {
  await using their = await installed('acpi-call-dkms', (theirs) => {
    const path = '/sys/module/acpi_call/initstate'
    theirs.smoke = { values: [{ label: 'state', path, pattern: '^live', reason: 'it has begun' }] }
  })
  const { release } = await guestKernel('7.3')
  await their.root.sh(`apt-get update -q && apt-get install -y -q --no-install-recommends \\
    -t trixie-backports linux-image-${release} linux-headers-${release} 2>&1`)
  await boot(their.root, '7.3', works('acpi_call'))
})

/** Says in a header who it is, what it sees, and what it may not. */
const configure = `#!/bin/sh
planted=planted; touch /etc/planted 2>/dev/null || planted='kept out'
echo "#define TOLD \\"$1: uid $(id -u), $(grep -c : /proc/net/dev) device, $planted\\"" > told.h
`

// In a root no sandbox can be made, so that elsewhere it runs as it is.
test('a configure step in a booted Debian, by dkms and by build: nobody, and no network', async () => {
  await using root = await Root.of('debian')
  await addHarness(root)
  await root.addPackage(await packedPackage())
  const theirs = join(root.folder, 'root/their')
  cpSync(join(home, 'test/fixtures/hello'), theirs, { recursive: true })
  const file = join(theirs, 'manifest.json')
  const said = { ...JSON.parse(readFileSync(file, 'utf8')), configure: ['configure', 'a b'] }
  writeFileSync(file, JSON.stringify(said))
  writeFileSync(join(theirs, 'configure'), configure, { mode: 0o755 })
  await root.sh(`
    printf '#include "told.h"\\nMODULE_INFO(told, TOLD);\\n' >> /root/their/hello_else.c
    apt-get update -q && apt-get install -y -q --no-install-recommends bubblewrap`)
  await boot(root, '6.12', async (guest) => {
    const told = 'a b: uid 65534, 1 device, kept out'
    await guest.sh(ours('install --yes'), 1200)
    assert.equal(await guest.sh('modinfo -F told hello_else'), told)
    await guest.sh(ours('build --out /root/out'), 1200)
    assert.equal(await guest.sh('modinfo -F told /root/out/*/hello_else.ko'), told)
  })
})
