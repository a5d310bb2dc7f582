import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { command, packedPackage, Root } from '../support/roots.ts'
import { as, atTerminal } from '../support/terminal.ts'

// The ways in which a person comes in: by sudo with and without a password, at a terminal and not.
// uninstall, where nothing is installed, is as a person sees it and takes no time.
describe('a person', () => {
  let root: Root
  let clean: string

  before(async () => {
    root = await Root.of('dkms')
    await root.addPackage(await packedPackage())
    await root.sh(`
      apt-get update -q && apt-get install -y -q --no-install-recommends sudo
      for user in admin typist stranger; do useradd -m $user; echo $user:sesame | chpasswd; done
      echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
      echo 'typist ALL=(ALL) ALL' > /etc/sudoers.d/typist`)
    clean = await root.state()
  })
  after(() => root.dispose())

  const uninstall = [...command, 'uninstall']

  const assertClean = async () => {
    assert.deepEqual(await root.changed(clean), [])
    assert.equal((await root.sh('ls /run/*.lock 2>/dev/null || true')).trim(), '')
  }

  test('whom sudo trusts without a password', async () => {
    const { status, stdout, stderr } = await root.run([...as('admin'), ...uninstall])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /is not installed/)
  })

  test('a password is asked for once', async () => {
    const { status, screen } = await atTerminal(
      root,
      uninstall,
      [{ after: /assword/, keys: 'sesame\n' }],
      'typist',
    )
    assert.equal(status, 0, screen)
    assert.equal(screen.match(/assword/g)?.length, 1, screen)
    assert.match(screen, /is not installed/)
  })

  for (const user of ['typist', 'stranger'])
    test(`${user} without a terminal gets one sentence, and the words for su`, async () => {
      const { status, stderr } = await root.run([
        ...as(user),
        ...uninstall,
        '--kernel',
        '6.1.0-a b',
      ])
      assert.equal(status, exitStatus.privilege, stderr)
      assert.match(stderr, /needs root; sudo did not grant it, and there is no terminal/)
      assert.match(stderr, /try: su -c '\S+node \/opt\/vmmci\/dist\/cli\.js uninstall --kernel '/)
      assert.doesNotMatch(stderr, /Could not undo/)
    })

  test('whom sudo does not know, or who gives up typing', async () => {
    const refused = await atTerminal(
      root,
      uninstall,
      [{ after: /assword/, keys: 'sesame\n' }],
      'stranger',
    )
    assert.equal(refused.status, exitStatus.privilege, refused.screen)
    assert.match(refused.screen, /which sudo did not grant\.\n {2}try: su -c/)
    const gone = await atTerminal(
      root,
      uninstall,
      [{ after: /assword/, keys: '\x03', again: true }],
      'typist',
    )
    assert.equal(gone.status, exitStatus.interrupted, gone.screen)
    await assertClean()
  })

  test('a passphrase goes through sudo, and into no list of processes', async () => {
    const { status, stderr } = await root.run([
      ...as('admin'),
      'KBUILD_SIGN_PIN=hush',
      ...[...command, 'keys', 'new', '--passphrase'],
    ])
    assert.equal(status, 0, stderr)
    assert.match(await root.sh('cat /var/lib/vmmci-dkms/module-signing.key'), /ENCRYPTED/)
    await root.sh('rm -r /var/lib/vmmci-dkms')
  })

  describe('at a question', () => {
    before(() => root.sh('mv /usr/sbin/dkms /root/dkms'))
    after(() => root.sh('mv /root/dkms /usr/sbin/dkms'))
    const install = [...command, 'install']

    for (const [name, keys, kind] of [
      ['Ctrl-C', '\x03', 'interrupted'],
      ['Ctrl-D', '\x04', 'packages'],
      ['no', 'n\n', 'packages'],
    ] as const)
      test(`${name} leaves nothing: ${kind}`, async () => {
        const { status, screen } = await atTerminal(root, install, [{ after: /\[Y\/n\]/, keys }])
        assert.equal(status, exitStatus[kind], screen)
        await assertClean()
      })

    test('--quiet says what for', async () => {
      const { screen } = await atTerminal(
        root,
        [...install, '--quiet'],
        [{ after: /\[Y\/n\]/, keys: 'n\n' }],
      )
      assert.match(screen, /dkms is not installed[\s\S]*\[Y\/n\]/)
    })

    test('--json does not ask, and says what was not agreed to', async () => {
      const { status, screen } = await atTerminal(root, [...install, '--json'], [])
      assert.equal(status, exitStatus.packages, screen)
      const { error } = JSON.parse(screen)
      assert.equal(error.kind, 'packages')
      assert.match(error.details.join('\n'), /dkms is not installed/)
    })
  })

  test('a link in the place of the lock is not followed', async () => {
    await root.sh('echo precious > /root/precious && ln -s /root/precious /run/vmmci-dkms.lock')
    const { status } = await root.run(uninstall)
    assert.notEqual(status, 0)
    assert.equal(await root.sh('cat /root/precious; rm /run/vmmci-dkms.lock'), 'precious\n')
  })

  test('the lock of a process that died is none', async () => {
    await root.sh('echo 1 > /run/vmmci-dkms.lock')
    const { status, stderr } = await root.run(uninstall)
    assert.equal(status, 0, stderr)
    assert.doesNotMatch(stderr, /is at work/)
    await assertClean()
  })

  test('what cannot be written is told by the status', async () => {
    const { status, stderr } = await root.run(['sh', '-c', `${uninstall.join(' ')} > /dev/full`])
    assert.equal(status, exitStatus.space, stderr)
    assert.match(stderr, /could not be written: ENOSPC/)
    await assertClean()
  })

  for (const [name, words, says] of [
    [
      'a TMPDIR that is not there',
      'TMPDIR=/nowhere node cli keys new',
      /temporary files go: ENOENT/,
    ],
    [
      'a TMPDIR that is none, before an installation',
      `TMPDIR=nowhere node cli install --yes`,
      /temporary files go: ENOENT/,
    ],
    ['the same where it is looked at', 'TMPDIR=/nowhere node cli check', /go:\s+ENOENT/],
    ['a file in the place of a folder', 'node cli package alpine --out /etc/passwd', /: ENOTDIR\./],
    ['a folder below /proc', 'node cli build --out /proc/x', /\/proc\/x cannot be made/],
    ['a file in the place of a folder', 'node cli build --out /etc/passwd/x', /cannot be made/],
    ['a file that is not there', 'node cli keys show --key /nowhere --cert /nowhere', /./],
  ] as const)
    test(`${name} is one sentence, and no bug`, async () => {
      const line = words.replace('cli', command[1])
      const { status, stdout, stderr } = await root.run(['sh', '-c', line])
      assert.notEqual(status, exitStatus.internal, stderr)
      assert.match(stdout + stderr, says)
      assert.doesNotMatch(stderr, /This is a bug/)
      await assertClean()
    })

  test('apt that is at work is waited for, by name; one that was torn off is mended', async () => {
    await root.sh(`mv /usr/bin/apt-get /usr/bin/apt-get.real
      printf '%s\\n' '#!/bin/sh' 'case "$*" in *install*) cat /root/says >&2; exit 100 ;; esac' > /usr/bin/apt-get
      chmod +x /usr/bin/apt-get; mv /usr/sbin/dkms /root/dkms`)
    for (const [says, kind, mend] of [
      [
        'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (unattended-upgr)',
        'busy',
        /Process 42 \(unattended-upgr\) is at work; waiting[\s\S]*try: ps -fp 42/,
      ],
      [
        "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
        'packages',
        /try: dpkg --configure -a/,
      ],
    ] as const) {
      await root.sh(`echo "${says}" > /root/says`)
      const { status, stderr } = await root.cli('install', '--yes')
      assert.equal(status, exitStatus[kind], stderr)
      assert.match(stderr, mend)
    }

    // Ctrl-C does not tear it off: what it would leave half-way is not ours to undo.
    await root.sh(`printf '%s\\n' '#!/bin/sh' \\
      'case "$*" in *"install -y"*) echo Unpacking; sleep 1; touch /root/whole ;; esac' > /usr/bin/apt-get`)
    const { status, screen } = await atTerminal(
      root,
      [...command, 'install', '--yes', '--verbose'],
      [{ after: /Unpacking/, keys: '\x03' }],
    )
    assert.equal(status, exitStatus.interrupted, screen)
    assert.match(screen, /Interrupted; apt-get may not be torn off, and ends first/)
    await root.sh('rm /root/whole')
    await root.sh('mv /root/dkms /usr/sbin/dkms; mv /usr/bin/apt-get.real /usr/bin/apt-get')
    await assertClean()
  })
})
