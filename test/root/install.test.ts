import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { installedFor, kernelsOf, traces } from '../support/installed.ts'
import { oldestNode } from '../support/node.ts'
import { command, packedPackage, Root } from '../support/roots.ts'

test('the packed package alone: install, rebuild at a kernel upgrade, uninstall', async () => {
  await using root = await Root.of('fresh')
  await root.addPackage(await packedPackage())
  const install = await root.run(['sh', '-c', 'cd /root && npx --yes ./package.tgz install --yes'])
  assert.equal(install.status, 0, install.stderr)
  assert.match(install.stdout, /has no headers here; taking|is installed for/)
  // Debian's headers depend on their kernel, and that is said before it comes.
  assert.match(install.stdout, /linux-image-\S+ comes along: a kernel/)
  const [first] = await installedFor(root)
  assert.ok(first)

  const again = await root.cli('install', '--yes')
  assert.equal(again.status, 0)
  assert.match(again.stdout, /is installed already/)

  const before = JSON.parse((await root.cli('status', '--json')).stdout)
  assert.deepEqual(
    before.kernels[0].modules.map((m: { vermagic: string }) => m.vermagic),
    ['right', 'right'],
  )

  await root.sh(`
    sed 's/ trixie / trixie-backports /;t;d' /etc/apt/sources.list > /etc/apt/sources.list.d/backports.list
    apt-get update -q
    apt-get install -y -q --no-install-recommends -t trixie-backports linux-image-amd64 linux-headers-amd64`)
  const both = await installedFor(root)
  assert.equal(both.length, 2, both.join())
  for (const release of both)
    assert.equal(
      (await root.sh(`modinfo -k ${release} -F vermagic virtio_vmmci`)).split(' ')[0],
      release,
    )

  const removed = await root.cli('uninstall')
  assert.equal(removed.status, 0, removed.stderr)
  const left = await root.sh(
    "find / -xdev \\( -name '*vmmci*' -o -name '*pci_obsd*' \\) -not -path '/root/*' -not -path '/opt/*' -not -path '/proc/*'",
  )
  assert.equal(left.trim(), '')
  assert.doesNotMatch((await root.run(['dkms', 'status'])).stdout, /vmmci/)
})

test("somebody else's module: the same commands by its own manifest", async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  cpSync(join(home, 'test/fixtures/hello'), join(root.folder, 'root/hello'), { recursive: true })
  const manifest = ['--manifest', '/root/hello/manifest.json']
  const before = await root.state()

  const installed = await root.cli('install', '--yes', ...manifest)
  assert.equal(installed.status, 0, installed.stderr)
  assert.match(
    await root.sh('cat /etc/modprobe.d/hello-dkms.conf'),
    /^options hello_else greeting="moin moin"$/m,
  )
  assert.match(await root.sh('cat /etc/modules-load.d/hello-dkms.conf'), /^hello_else$/m)
  assert.match(
    (await root.cli('status', ...manifest)).stdout,
    /hello_else, 0\.3\.1, vermagic right/,
  )

  const removed = await root.cli('uninstall', ...manifest)
  assert.equal(removed.status, 0, removed.stderr)
  assert.deepEqual(await root.changed(before), [])
})

test('an older version and modules installed by hand are taken over', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const release = (await root.sh('ls /lib/modules')).trim()
  const twin = `${release}-twin`
  await root.addTwin(release, twin)
  await root.sh(`
    cp -R /opt/vmmci /opt/old && sed -i 's/"version": "1.0.0"/"version": "0.9.0"/' /opt/old/package.json
    node /opt/old/dist/cli.js install --yes --quiet --all-kernels
    cp -R /opt/vmmci/kmod /root/kmod
    make -s -C /root/kmod KDIR=/lib/modules/${release}/build install`)

  const { status, stdout, stderr } = await root.cli('install', '--yes')
  assert.equal(status, 0, stderr)
  assert.match(
    stdout,
    /Taking over modules that were installed by hand:\n.*\/extra\/virtio_pci_obsd\.ko/,
  )
  assert.match(stdout, /Replacing version 0\.9\.0/)
  assert.equal((await root.sh('ls -d /usr/src/vmmci-dkms-*')).trim(), '/usr/src/vmmci-dkms-1.0.0')
  // The old version was there for both kernels, so both have the new one, though one was named.
  const files = await root.sh("find /lib/modules -name 'virtio_vmmci.ko*' | sort")
  assert.equal(
    files.replaceAll('.xz', ''),
    [release, twin]
      .map((name) => `/lib/modules/${name}/updates/dkms/virtio_vmmci.ko\n`)
      .sort()
      .join(''),
  )
  assert.deepEqual((await installedFor(root)).sort(), [release, twin])
})

test('a copy that a Debian package owns is left alone', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh(`
    mkdir -p /root/deb/DEBIAN /root/deb/usr/src/vmmci-dkms-0.9.0
    printf 'Package: vmmci-dkms\\nVersion: 0.9.0\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: x\\n' > /root/deb/DEBIAN/control
    printf 'PACKAGE_NAME="vmmci-dkms"\\nPACKAGE_VERSION="0.9.0"\\nBUILT_MODULE_NAME[0]="a"\\nDEST_MODULE_LOCATION[0]="/updates"\\n' > /root/deb/usr/src/vmmci-dkms-0.9.0/dkms.conf
    dpkg-deb -b /root/deb /root/old.deb && dpkg -i /root/old.deb && dkms add -m vmmci-dkms -v 0.9.0`)
  const before = await root.state()
  const installed = await root.cli('install', '--yes')
  assert.equal(installed.status, 12)
  assert.match(
    installed.stderr,
    /belongs to the package vmmci-dkms; leaving it alone\.\n {2}try: apt-get update -q && apt-get install .*vmmci-dkms/,
  )
  const removed = await root.cli('uninstall')
  assert.equal(removed.status, 12)
  assert.match(removed.stderr, /try: apt-get remove vmmci-dkms/)
  assert.deepEqual(await root.changed(before), [])
})

test('Alpine is told plainly that it has no dkms', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh(
    'printf \'ID=alpine\\nVERSION_ID=3.22.1\\nPRETTY_NAME="Alpine Linux v3.22"\\n\' > /usr/lib/os-release',
  )
  const { status, stderr } = await root.cli('install', '--yes')
  assert.equal(status, 15)
  assert.match(stderr, /Alpine has no dkms/)
  const built = await root.cli('build', '--out', '/root/out')
  assert.equal(built.status, 0, built.stderr)
})

test('without bash the build works, by a POSIX sh alone', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh('rm -f /bin/bash /usr/bin/bash')
  const built = await root.cli('build', '--out', '/root/out')
  assert.equal(built.status, 0, built.stderr)
  const checked = await root.cli('check', '--all-kernels', '--json')
  const levels = JSON.parse(checked.stdout).kernels[0].findings.map(
    (f: { level: string }) => f.level,
  )
  assert.ok(!levels.includes('fail'), checked.stdout)
})

test('Debian 11, of which /lib is a folder of its own, by the oldest node', async () => {
  await using root = await Root.of('kernel-5.10')
  await root.addPackage(await packedPackage())
  await root.copyIn(await oldestNode(), '/usr/bin/node')
  const [release] = await kernelsOf(root)
  assert.notEqual((await root.run(['test', '-L', '/lib'])).status, 0)
  const installed = await root.cli('install', '--yes')
  assert.equal(installed.status, 0, installed.stderr)
  await root.sh(`modinfo -k ${release} virtio_vmmci virtio_pci_obsd`)
  assert.match((await root.cli('install', '--yes')).stdout, /is installed already/)
  const removed = await root.cli('uninstall', '--yes')
  assert.equal(removed.status, 0, removed.stderr)
  assert.equal(await traces(root), '')

  // A package of built modules has them where modprobe looks, too.
  await root.sh(`
    apt-get update -q && apt-get install -y -q --no-install-recommends dpkg-dev debhelper >/root/said 2>&1
    ${command.join(' ')} package deb --binary --kernel ${release} -q --out /tmp/out
    dpkg -i --force-depends /tmp/out/*.deb
    modinfo -k ${release} virtio_vmmci virtio_pci_obsd`)
})
