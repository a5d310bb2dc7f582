import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { kernelsOf } from '../support/installed.ts'
import { project } from '../support/kernels.ts'
import { builtPackages, newKey } from '../support/packages.ts'
import { command, packedPackage, Root } from '../support/roots.ts'

async function packager(): Promise<Root> {
  const root = await Root.of('package')
  await root.addPackage(await packedPackage())
  return root
}

const make = `${command.join(' ')} package all -q`

/** Digests of what is to be the same: packages and archives, not records of a build. */
const digests = (root: Root, folder: string) =>
  root.sh(`cd ${folder} && sha256sum $(ls | grep -v -e buildinfo -e changes)`)

test('the same bytes in another folder, at another time, by another user, with other settings', async () => {
  await using root = await packager()
  const [release] = await kernelsOf(root)
  const binary = `--binary --kernel ${release}`
  await root.sh(`${make} --out /tmp/first && ${make} ${binary} --out /tmp/first`)
  await root.sh(`
    mkdir -m 777 /srv/elsewhere
    cp -R /opt/vmmci /srv/copy && find /srv/copy -exec touch -d 2001-02-03 {} +
    cat > /srv/again <<'END'
umask 077
cd /srv/elsewhere
export HOME=/srv/elsewhere TMPDIR=/srv/elsewhere TZ=Asia/Tokyo LANG=C
export NO_FAKE_STAT=1 FAKETIME="@2031-05-06 07:08:09" LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketime.so.1)
node /srv/copy/dist/cli.js package all -q --out second
node /srv/copy/dist/cli.js package all -q ${binary} --out second
END
    setpriv --reuid=1 --regid=1 --clear-groups sh -e /srv/again`)
  const [first, second] = [
    await digests(root, '/tmp/first'),
    await digests(root, '/srv/elsewhere/second'),
  ]
  if (first !== second) {
    await root.sh('apt-get update -q && apt-get install -y -q diffoscope-minimal')
    console.error((await root.run(['diffoscope', '/tmp/first', '/srv/elsewhere/second'])).stdout)
  }
  assert.equal(second, first)
  assert.equal(first.trim().split('\n').length, 13)
})

test('what a dry run prints can be pasted, and makes the same packages', async () => {
  await using root = await packager()
  const [release] = await kernelsOf(root)
  await root.sh(`
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=builder -keyout /root/key -out /root/cert 2>/dev/null`)
  for (const words of ['', `--binary --kernel ${release} --key /root/key --cert /root/cert`]) {
    await root.sh(`
      rm -rf /srv/made /srv/pasted
      ${make} ${words} --out /srv/made
      ${command.join(' ')} package all ${words} --dry-run --out /srv/pasted > /root/plan
      cd / && sh -e /root/plan >/root/said 2>&1`)
    assert.equal(await digests(root, '/srv/pasted'), await digests(root, '/srv/made'))
    assert.equal(await root.sh('ls /tmp /var/tmp'), '/tmp:\n\n/var/tmp:\n')
  }
})

test('a package of built modules: for one kernel, in dpkg and in rpm', async () => {
  await using root = await packager()
  const [release] = await kernelsOf(root)
  await root.sh(`
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=builder -keyout /root/key -out /root/cert 2>/dev/null
    ${make} --binary --kernel ${release} --key /root/key --cert /root/cert --out /tmp/out
    cd /tmp/out && lintian --pedantic --fail-on warning,info,pedantic *.changes >&2
    dpkg -i --force-depends *_amd64.deb`)
  const modules = (await root.sh(`ls /usr/lib/modules/${release}/updates`)).trim().split('\n')
  assert.deepEqual(
    modules,
    project.modules.map(({ name }) => `${name}.ko`),
  )
  for (const module of modules) {
    const info = await root.sh(`modinfo /usr/lib/modules/${release}/updates/${module}`)
    assert.match(info, new RegExp(`^vermagic: +${release?.replaceAll(/[+.]/g, '\\$&')} `, 'm'))
    assert.match(info, /^signer: +builder$/m)
  }
  // The package's, by whatever name of /lib: neither taken over nor removed.
  const assertOwned = async () => {
    const { status, stderr } = await root.cli('install', '--yes', '--kernel', release as string)
    assert.equal(status, exitStatus.owned, stderr)
    assert.match((await root.cli('uninstall', '--yes')).stdout, /another\s+package's, and\s+stays/)
    await root.sh(`modinfo /usr/lib/modules/${release}/updates/virtio_vmmci.ko`)
  }
  await assertOwned()
  const depends = await root.sh(`dpkg-query -W -f '\${Depends}' 'vmmci-modules-*'`)
  assert.ok(depends.includes(`linux-image-${release} | linux-image-unsigned-${release}`), depends)
  await root.sh("dpkg --purge $(dpkg-query -W 'vmmci-modules-*' | cut -f 1)")
  assert.equal((await root.run(['test', '-e', `/usr/lib/modules/${release}/updates`])).status, 1)

  await root.sh('rpm -i --nodeps /tmp/out/*.rpm')
  await assertOwned()
  const said = await root.sh('rpm -q --requires $(rpm -qa)')
  assert.ok(said.includes(`kernel-uname-r = ${release}`), said)
  await root.sh('rpm -e $(rpm -qa)')
  assert.equal((await root.run(['test', '-e', `/usr/lib/modules/${release}/updates`])).status, 1)
})

test('packages signed with a key of gpg', async () => {
  await using root = await packager()
  await root.sh(`
    ${newKey('packager')}
    ${make} --sign packager --out /tmp/out
    cd /tmp/out && gpg --verify *.changes
    for signature in *.sig; do gpg --verify $signature; done
    gpg --armor --export packager > /root/key && rpm --import /root/key`)
  assert.match(await root.sh('rpm -K /tmp/out/*.rpm'), /: digests signatures OK$/m)
})

test("Alpine's files: their shell is right, and akms's own way builds the modules", async () => {
  await using root = await Root.of('package')
  await root.showFolder(join(await builtPackages(), 'packages'), '/packages')
  const [release] = await kernelsOf(root)
  await root.sh(`
    cd /packages
    for file in APKBUILD AKMBUILD; do sh -n $file; done
    # What these files are for is to set variables, and to use abuild's.
    shellcheck -s sh -e SC2034,SC2154 APKBUILD AKMBUILD
    mkdir /tmp/apk /tmp/pkg
    (. ./APKBUILD; tar -xzf vmmci-dkms-$pkgver.tar.gz -C /tmp/apk; cp AKMBUILD /tmp/apk)
    shellcheck /tmp/apk/*/every-kernel
    # abuild's part: the digests, then package().
    (. ./APKBUILD; echo "$sha512sums" | sha512sum -c --quiet)
    (srcdir=/tmp/apk pkgdir=/tmp/pkg; . ./APKBUILD; cd "$builddir"; package)
    # akms's part: AKMBUILD(5)'s default build, in a copy of the sources.
    . /tmp/pkg/usr/src/vmmci-dkms-*/AKMBUILD
    cp -R /tmp/pkg/usr/src/$modname-$modver /tmp/build
    make -C /lib/modules/${release}/build M=/tmp/build modules
    cd /tmp/build && ls $built_modules`)
})

const refusals: [string, keyof typeof exitStatus, RegExp][] = [
  ['package deb --sign "x y"', 'usage', /not a key id/],
  ['package deb --key /root/key', 'usage', /belong together/],
  ['package repo', 'usage', /--sign says with which key/],
  ['package repo --sign nobody', 'package', /no packages in/],
  ['package deb --sign a --sign b', 'usage', /with one key/],
]

test('what cannot be made is refused with a reason, and leaves nothing', async () => {
  await using root = await packager()
  await root.sh('rm /usr/bin/rpmbuild')
  for (const [words, kind, says] of [
    ...refusals,
    ['package rpm', 'toolchain', /no rpmbuild\.\n {2}try: apt-get install rpm\n/] as const,
  ]) {
    const { status, stderr } = await root.run([
      'sh',
      '-c',
      `cd /tmp && ${command.join(' ')} ${words}`,
    ])
    assert.equal(status, exitStatus[kind], stderr)
    assert.match(stderr, says)
  }
  assert.equal((await root.sh('ls /tmp')).trim(), '')
})
