import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traces } from '../support/installed.ts'
import { versions } from '../support/packages.ts'
import { command, packedPackage, Root } from '../support/roots.ts'

const name = 'vmmci-dkms-tools'

/** All that the package of the command has for people, in each kind of package. */
const forPeople = [
  'usr/bin/kmod-pack',
  'usr/bin/vmmci-dkms',
  'usr/share/bash-completion/completions/vmmci-dkms',
  'usr/share/fish/vendor_completions.d/vmmci-dkms.fish',
  'usr/share/man/man5/vmmci-dkms-manifest.5.gz',
  'usr/share/man/man8/vmmci-dkms.8.gz',
]

test('the command as a package of each kind: nothing to complain of, works, leaves nothing', async () => {
  await using root = await Root.of('package')
  await root.addPackage(await packedPackage())
  await root.sh(`${command.join(' ')} package all -q --out /made && rm -r /opt/vmmci`)
  assert.equal(
    await root.sh(
      'lintian --pedantic --tag-display-limit 0 --fail-on none /made/*.changes 2>/dev/null',
    ),
    '',
  )

  await root.copyIn('rpm/rpmlint.toml', '/root/rpmlint.toml')
  assert.match(
    await root.sh('rpmlint -c /root/rpmlint.toml /made/*.rpm'),
    / 0 errors, 0 warnings, /,
  )

  const before = await root.state()
  const listed = await root.sh(`apt-get install -y -q /made/${name}_${versions.now}_all.deb >&2
    dpkg -L ${name}`)
  for (const path of [...forPeople, 'usr/share/zsh/vendor-completions/_kmod-pack'])
    assert.ok(listed.split('\n').includes(`/${path}`), path)
  assert.match(await root.sh('vmmci-dkms --version'), new RegExp(`^vmmci-dkms ${versions.now}\n`))
  assert.match(await root.sh('kmod-pack --help'), /^Kernel modules out of the tree/)
  // Not the module's package: it is installed by the command here, and that is not put twice.
  assert.match(await root.sh('vmmci-dkms install --yes --no-prereqs'), /is installed for/)
  assert.equal(await root.sh('ls -A /usr/local/bin'), '')
  // It makes packages, which needs all that it is made of.
  await root.sh(
    'vmmci-dkms package all -q --out /again && diff -r -x "*.buildinfo" -x "*.changes" /made /again',
  )
  await root.sh(`vmmci-dkms uninstall --yes && apt-get purge -y -q ${name} >&2 && rm -r /again`)
  assert.deepEqual(await root.changed(before), [])

  const rpm = await root.sh(`rpm -qp --nosignature -l --requires /made/${name}-*.rpm`)
  const arch = await root.sh(
    `bsdtar -tf /made/${name}-*.pkg.tar.gz; bsdtar -xOf /made/${name}-*.pkg.tar.gz .PKGINFO`,
  )
  for (const path of forPeople) {
    assert.ok(rpm.includes(`\n/${path.replace('.gz', '')}`) || rpm.startsWith(`/${path}`), path)
    assert.ok(arch.split('\n').includes(path), path)
  }
  assert.match(rpm, /nodejs\(engine\) >= 20\.19/)
  assert.match(arch, /depend = nodejs>=20\.19/)

  await root.sh(
    `rpm -i --nodeps /made/${name}-*.rpm && vmmci-dkms --version && rpm -e ${name} && rm -r /made`,
  )
  assert.equal(await traces(root), '')
})

test("where the distribution's Node is too old, apt says so and nothing changes", async () => {
  await using maker = await Root.of('package')
  await maker.addPackage(await packedPackage())
  await maker.sh(`${command.join(' ')} package deb -q --out /made`)
  await using root = await Root.of('bookworm')
  await root.copyIn(`${maker.folder}/made/${name}_${versions.now}_all.deb`, '/root/tools.deb')
  await root.sh('apt-get update -q')
  const { status, stdout } = await root.run(['apt-get', 'install', '-y', '/root/tools.deb'])
  assert.equal(status, 100)
  assert.match(stdout, /Depends: nodejs \(>= 20\.19\)/)
})
