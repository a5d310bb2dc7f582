import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { command, packedPackage, Root } from '../support/roots.ts'
import { as } from '../support/terminal.ts'

const program = '/usr/sbin/asks-ctl'
const manual = '/usr/share/man/man8/asks-ctl.8'

/** A root with somebody's module that comes with a program, in /srv/asks, and a user whom sudo trusts. */
async function withTheirs(): Promise<Root> {
  const root = await Root.of('package')
  await root.addPackage(await packedPackage())
  cpSync(join(home, 'test/fixtures/asks'), join(root.folder, 'srv/asks'), { recursive: true })
  await root.sh(`
    chmod -R go+rX /srv/asks
    apt-get update -q && apt-get install -y -q --no-install-recommends sudo
    useradd -m -u 1234 admin
    echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin`)
  return root
}

const theirs = ['--manifest', '/srv/asks/manifest.json']
const cli = (root: Root, ...words: string[]) => root.cli(...words, ...theirs)
const byAdmin = (root: Root, ...words: string[]) =>
  root.run([...as('admin'), ...command, ...words, ...theirs])

const isGone = async (root: Root, path: string) =>
  assert.equal((await root.run(['test', '-e', path])).status, 1, path)

test('a program is built by who called sudo, put in place, found there, and taken away', async () => {
  await using root = await withTheirs()
  // As Fedora has it; what is there already is not made anew.
  await root.sh('chmod 555 /usr/sbin')
  // As hardened machines have it: nothing in there can be run.
  await root.sh('mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp')
  const before = await root.state()

  const installed = await byAdmin(root, 'install', '--yes')
  assert.equal(installed.status, 0, installed.stderr)
  assert.equal(await root.sh(program), 'asks 0.2, built by 1234\n')
  assert.equal((await root.sh(`stat -c '%a %U %G' ${program}`)).trim(), '755 root root')
  assert.equal((await root.sh('stat -c %a /usr/sbin')).trim(), '555')
  assert.match((await byAdmin(root, 'install', '--yes')).stdout, /is installed already/)
  assert.equal((await byAdmin(root, 'install', '--dry-run')).stdout, '')

  // One that is gone, and one of other sources.
  await root.sh(`rm ${program}`)
  assert.equal((await cli(root, 'install', '--yes')).status, 0)
  assert.equal(await root.sh(program), 'asks 0.2, built by 0\n')
  await root.sh("sed -i 's/built/made/' /srv/asks/utils/asks-ctl.c")
  assert.equal((await byAdmin(root, 'install', '--yes')).status, 0)
  assert.equal(await root.sh(program), 'asks 0.2, made by 1234\n')

  const removed = await byAdmin(root, 'uninstall', '--yes')
  assert.equal(removed.status, 0, removed.stderr)
  await isGone(root, program)
  await isGone(root, manual)
  assert.deepEqual(await root.changed(before), [])
  // Debian's rpm is here, and was asked for nothing: it would have made a database.
  assert.equal(await root.sh('ls -A /var/lib/rpm'), '')
})

test('what a dry run prints installs the program when it is pasted', async () => {
  await using root = await withTheirs()
  const before = await root.state()
  const words = [...command, 'install', ...theirs].join(' ')
  for (const [user, builder] of [
    [as('admin'), 1234],
    [[], 0],
  ] as const) {
    await root.sh(`rm -f /tmp/plan; ${[...user].join(' ')} ${words} --dry-run > /tmp/plan`)
    const { status, stderr } = await root.run([...user, 'sh', '-e', '/tmp/plan'])
    assert.equal(status, 0, `${await root.sh('cat /tmp/plan')}\n${stderr}`)
    await root.sh('rm /tmp/plan')
    assert.equal(await root.sh(program), `asks 0.2, built by ${builder}\n`)
    assert.match((await cli(root, 'install', '--yes')).stdout, /is installed already/)
    await cli(root, 'uninstall', '--yes')
    assert.deepEqual(await root.changed(before), [])
  }
})

const faults: [what: string, change: string, says: RegExp][] = [
  [
    'does not compile',
    'echo nonsense >> /srv/asks/utils/asks-ctl.c',
    /The programs could not be built\.[\s\S]*error:[\s\S]*try: .* --verbose/,
  ],
  [
    'is not made',
    "sed -i 's/asks-ctl: asks-ctl.o/asks-ctl: ; echo no, thanks/' /srv/asks/utils/Makefile",
    /The build made no utils\/asks-ctl, which the manifest names\.[\s\S]*no, thanks\n[\s\S]*try: .*EDITOR/,
  ],
]

for (const [what, change, says] of faults)
  test(`a program that ${what}: one sentence, the status of build, and nothing is left`, async () => {
    await using root = await withTheirs()
    await root.sh(change)
    const before = await root.state()
    for (const words of [
      ['install', '--yes'],
      ...['deb', 'rpm', 'arch'].map((kind) => ['package', kind, '--out', '/root/made']),
    ]) {
      const { status, stderr } = await cli(root, ...words)
      assert.equal(status, exitStatus.build, `${words.join(' ')}: ${stderr}`)
      assert.match(stderr, says)
      await isGone(root, program)
    }
    assert.deepEqual(await root.changed(before), [])
  })

test('packages with a program: the same bytes twice, lintian finds nothing, and it runs', async () => {
  await using root = await withTheirs()
  const before = await root.state()
  const made = await cli(root, 'package', 'all', '--out', '/root/made')
  assert.equal(made.status, 0, made.stderr)
  assert.deepEqual((await root.sh('cd /root/made && ls *.deb *.rpm *.gz')).trim().split('\n'), [
    'asks-dkms-0.2-1-x86_64.pkg.tar.gz',
    'asks-dkms-0.2-1.x86_64.rpm',
    'asks-dkms-0.2.tar.gz',
    'asks-dkms_0.2_amd64.deb',
  ])
  const again = await cli(root, 'package', 'all', '--out', '/root/again')
  assert.equal(again.status, 0, again.stderr)
  const [first, second] = await Promise.all(
    ['made', 'again'].map((folder) => root.sh(`cd /root/${folder} && sha256sum *.deb *.rpm *.gz`)),
  )
  assert.equal(second, first)
  await root.sh('rm -r /root/again')

  await root.sh('cd /root/made && lintian --fail-on error,warning *.changes >&2')
  assert.match(await root.sh('dpkg-deb -f /root/made/*.deb Depends'), /, libc6 \(>= [0-9.]+\)$/m)
  await root.sh('dpkg -i /root/made/*.deb')
  assert.match(await root.sh(program), /^asks 0\.2, built by \d+\n$/)
  assert.equal((await root.sh(`stat -c %a ${program}`)).trim(), '755')
  await root.sh('dpkg --purge asks-dkms')
  await isGone(root, program)
  assert.deepEqual(await root.changed(before), [])

  assert.match(
    await root.sh('rpmlint -c /opt/vmmci/rpm/rpmlint.toml /root/made/*.rpm'),
    / 0 errors, 0 warnings, /,
  )
  assert.match(await root.sh('rpm -qp --requires /root/made/*.rpm'), /^libc\.so\.6\(/m)
  await root.sh('rpm -i --nodeps /root/made/*.rpm')
  assert.match(await root.sh(program), /^asks 0\.2, built by \d+\n$/)
  await root.sh('rpm -e asks-dkms')
  await isGone(root, program)
  assert.deepEqual(await root.changed(before), [])

  assert.match(
    await root.sh('bsdtar -tvf /root/made/*.pkg.tar.gz'),
    /^-rwxr-xr-x .* usr\/sbin\/asks-ctl$/m,
  )
  // abuild's part of it, and what a musl would say is the same here.
  await root.sh(`
    cd /root/made && shellcheck -s sh -e SC2034,SC2154 APKBUILD AKMBUILD
    mkdir /tmp/apk /tmp/pkg
    (. ./APKBUILD; [ "$arch" = all ]; tar -xzf asks-dkms-$pkgver.tar.gz -C /tmp/apk; cp AKMBUILD /tmp/apk)
    shellcheck /tmp/apk/*/src/build-programs
    (srcdir=/tmp/apk pkgdir=/tmp/pkg; . ./APKBUILD; cd "$builddir"; build; package) >&2
    /tmp/pkg${program}`)
})
