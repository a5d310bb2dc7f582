import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import type { RootName } from '../support/roots.ts'
import { TheirModule } from '../support/their-module.ts'

/** Debian's packages of modules that nobody here has written, and what each shows: 13's, where it has them. */
const table: [name: string, shows: string][] = [
  ['acpi-call-dkms', 'a plain one'],
  ['v4l2loopback-dkms', 'conditions in its dkms.conf'],
  ['ddcci-dkms', 'two folders, and a Makefile of its own'],
  ['jool-dkms', 'three folders, of which two need the symbols of the first'],
  ['xtables-addons-dkms', 'many modules below a folder, with make words'],
  ['apfs-dkms', 'a configure step that writes a header'],
  ['tp-smapi-dkms', 'a name with _, a version that is not semver'],
  ['bbswitch-dkms', 'a version of two numbers'],
  ['evdi-dkms', 'a version with dfsg'],
  ['digimend-dkms', 'names with -, a version of one number'],
  ['dm-writeboost-dkms', 'a target'],
  ['librem-ec-acpi-dkms', 'options that the kernel must have'],
  ['hinic-dkms', 'a script of its own instead of make'],
  ['iptables-netflow-dkms', 'a configure step with words, and packages that it asks for'],
  ['r8125-dkms', 'a version with zeros before numbers, many options, not free'],
  ['openrazer-driver-dkms', 'one that does not compile on 6.12'],
]

/**
 * Others are named in VMMCI_MODULES, by their Debian packages; another kernel in VMMCI_KERNEL, as
 * kernel-7.3, for which the modules come from sid.
 */
const { VMMCI_MODULES: named, VMMCI_KERNEL: kernel } = process.env
const modules = named ? named.split(' ').map((name) => [name, 'named'] as const) : table

test('Debian’s own package of a module is left alone, whatever the manifest is called', async () => {
  await using their = await TheirModule.of('acpi-call-dkms')
  const { root } = their
  await root.sh('dpkg -i /root/their.deb')
  for (const name of ['acpi-call', 'acpi-call-dkms']) {
    await root.sh(
      `sed -i 's/"name": "acpi-call[^"]*"/"name": "${name}"/' /root/their/manifest.json`,
    )
    const before = await root.state()
    const installed = await their.cli('install', '--yes')
    assert.equal(installed.status, 12, installed.stderr)
    assert.match(installed.stderr, /acpi-call-dkms/)
    await their.cli('uninstall', '--yes')
    assert.deepEqual(await root.changed(before), [], name)
    assert.ok(await their.installed())
  }
})

test('the worked example of docs/another-module.md, as it is written', async () => {
  await using their = await TheirModule.of('v4l2loopback-dkms')
  const { root } = their
  const page = readFileSync(join(home, 'docs/another-module.md'), 'utf8')
  const [, block = ''] = /## From a clone.*\n\n((?: {4}.*\n)+)/.exec(page) ?? []
  assert.match(block, /git clone \S+.*\n/)
  // There is no sudo and no editor here, and the clone comes from Debian.
  await root.sh(`
    rm /root/their/manifest.json
    ln -s /opt/vmmci/dist/entry.cjs /usr/local/bin/kmod-pack
    printf '#!/bin/sh\\nexec "$@"\\n' > /usr/local/bin/sudo
    printf '#!/bin/sh\\nsed -i "s/Nobody.*>/A B <a@example.org>/" "$1"\\n' > /usr/local/bin/edit
    chmod +x /usr/local/bin/*
    gpg --batch --passphrase '' --quick-gen-key you@example.org
    mkdir -p /root/work /srv/www`)
  const script = block.replace(/git clone \S+.*\n/, 'cp -R /root/their v4l2loopback\n')
  await root.sh(`cd /root/work\nexport EDITOR=edit\n${script}`)
  assert.match(
    await root.sh('find /srv/www/ -name "*.deb" -o -name InRelease'),
    /v4l2loopback_0\.15\.0_all\.deb/,
  )
})

for (const [name, shows] of modules)
  test(`${name} (${shows}): from its dkms.conf to an installation, to packages, and back`, async () => {
    await using their = await TheirModule.of(name, kernel as RootName)
    const { root, release } = their
    const bare = await their.byBareDkms()
    const before = await root.state()
    const isAsBefore = async () => assert.deepEqual(await root.changed(before), [])

    await their.must('check', '--kernel', release)
    if (bare === undefined) {
      console.log(`${name}: bare dkms cannot build it for ${release} either`)
      const { status } = await their.cli('install', '--yes', '--kernel', release)
      assert.equal(status, 8)
      await isAsBefore()
      return
    }
    await their.must('build', '--out', '/root/out', '--kernel', release)
    assert.equal(await their.portraits(`/root/out/${release}`), bare)
    await their.must('install', '--yes', '--kernel', release)
    assert.equal(await their.installed(), bare)
    assert.match(await their.must('status'), /^device +none is asked for$[\s\S]*vermagic right/m)
    await their.must('uninstall')
    await isAsBefore()

    await their.must('package', 'deb', '--out', '/root/packages')
    await their.must('package', 'rpm', '--out', '/root/packages')
    await root.sh('cd /root/packages && lintian --fail-on error,warning *.changes >&2')
    const package_ = (await root.sh('dpkg-deb -f /root/packages/*.deb Package')).trim()
    const text = await root.sh(`
      dpkg -i /root/packages/*.deb
      dpkg -L ${package_} | while read -r f; do [ ! -f "$f" ] || cat "$f"; done
      cat /var/lib/dpkg/info/${package_}.*`)
    assert.doesNotMatch(text, /vmmci/)
    assert.equal(await their.installed(), bare)
    await root.sh(`dpkg --purge ${package_}`)
    await isAsBefore()
    await root.sh('rpm -i --nodeps /root/packages/*.rpm')
    assert.equal(await their.installed(), bare)
    await root.sh('rpm -e $(rpm -qa)')
    await isAsBefore()
  })
