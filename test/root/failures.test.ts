import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { command, packedPackage, Root } from '../support/roots.ts'

/** What is broken first, what is asked, and what it is called; the system must stay as it was. */
interface Case {
  name: string
  break: string
  words: string[]
  root?: 'fresh'
  kind: keyof typeof exitStatus
  says: RegExp
}

const release = 'R=$(ls /lib/modules | tail -n 1)'

const cases: Case[] = [
  {
    name: 'a kernel that is not installed',
    break: 'true',
    words: ['install', '--yes', '--kernel', '6.12.999-amd64'],
    kind: 'kernel',
    says: /is not installed\.\n {2}try: ls \/lib\/modules/,
  },
  {
    name: 'a kernel below the floor',
    break: 'mkdir /lib/modules/4.9.0-13-amd64',
    words: ['install', '--yes', '--kernel', '4.9.0-13-amd64'],
    kind: 'kernel',
    says: /is outside >=4\.14\.0/,
  },
  {
    name: 'a kernel release with shell characters',
    break: 'true',
    words: ['install', '--yes', '--kernel', '6.1$(touch /etc/was-here)'],
    kind: 'kernel',
    says: /is not a kernel release/,
  },
  {
    name: 'a kernel without headers',
    break: 'mkdir /lib/modules/6.11.2+deb13-amd64',
    words: ['install', '--yes', '--no-prereqs', '--kernel', '6.11.2+deb13-amd64'],
    kind: 'headers',
    says: /has no headers\.\n {2}try: apt-get update -q && apt-get install linux-headers-6\.11\.2\+deb13-amd64/,
  },
  {
    name: 'a dangling build link',
    break: `${release}; rm /lib/modules/$R/build; ln -s /nowhere /lib/modules/$R/build; mkdir -p /lib/modules/6.1.1-amd64; mv /lib/modules/$R/build /lib/modules/6.1.1-amd64/`,
    words: ['install', '--yes', '--no-prereqs', '--kernel', '6.1.1-amd64'],
    kind: 'headers',
    says: /leads nowhere: the headers were removed\.\n {2}try: apt-get update -q && apt-get install linux-headers-6\.1\.1-amd64/,
  },
  {
    name: 'headers deleted by hand',
    break: 'rm -r /usr/src/linux-headers-*-amd64',
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'headers',
    says: /try: apt-get install --reinstall linux-headers-\S+-amd64 linux-headers-\S+-common linux-kbuild-\S+\n/,
  },
  {
    name: 'a running kernel that is none of the distribution’s, and no other unasked',
    break: 'mkdir -p /lib/modules/$(uname -r)/kernel',
    words: ['install', '--yes'],
    root: 'fresh',
    kind: 'headers',
    says: /No package has them: .*\n {2}try: ls -l \/lib\/modules\/\S+\/build/,
  },
  {
    name: 'headers of another architecture',
    break: `${release}; sed -i 's/^CONFIG_X86_64=y/CONFIG_ARM64=y/' /lib/modules/$R/build/.config`,
    words: ['install', '--yes', '--no-prereqs', '--all-kernels'],
    kind: 'headers',
    says: /No installed kernel has headers/,
  },
  {
    name: 'no compiler',
    break: 'rm /usr/lib/ccache/*gcc* /usr/bin/*gcc-14 /usr/bin/gcc /usr/bin/*-gcc',
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'toolchain',
    says: /There is no compiler.*\n {2}try: apt-get install gcc-14 make/,
  },
  {
    name: 'a compiler that is too old',
    break:
      "rm /usr/lib/ccache/*gcc* /usr/bin/*gcc-14; printf '#!/bin/sh\\necho 8.3.0\\n' > /usr/bin/gcc-14; chmod +x /usr/bin/gcc-14; cp /usr/bin/gcc-14 /usr/bin/x86_64-linux-gnu-gcc-14",
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'toolchain',
    says: /8\.3\.0 is older than the 14\.\d+\.\d+ that built kernel/,
  },
  {
    name: 'no dkms',
    break: 'rm /usr/sbin/dkms',
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'dkms',
    says: /dkms is not installed\.\n {2}try: apt-get install dkms/,
  },
  {
    name: 'no dkms, on a distribution that nobody knows',
    break:
      'rm /usr/sbin/dkms /etc/os-release; printf \'ID=plan9\nPRETTY_NAME="Plan 9"\n\' > /etc/os-release',
    words: ['install', '--yes'],
    kind: 'dkms',
    says: /dkms is not installed\. How Plan 9 calls it is not known here: look for dkms\.\n$/,
  },
  {
    name: 'a dkms tree that was moved',
    break: "mkdir -p /etc/dkms; echo 'dkms_tree=/var/tmp' >> /etc/dkms/framework.conf",
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'dkms',
    says: /framework\.conf:\d+ moves dkms's dkms_tree to \/var\/tmp; .*\n {2}try: .*EDITOR.* \+\d+ \/etc/,
  },
  {
    name: 'a dkms that is too old',
    break: "printf '#!/bin/sh\\necho dkms: 2.3\\n' > /usr/sbin/dkms",
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'dkms',
    says: /dkms 2\.3\.0 is not >=2\.8\.0\.\n {2}try: apt-get install dkms/,
  },
  {
    name: 'a dangling entry in the dkms tree',
    break:
      'mkdir -p /var/lib/dkms/other/1.0; ln -s /usr/src/other-1.0 /var/lib/dkms/other/1.0/source',
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'dkms',
    says: /source is gone: .*other\/1\.0\.\n {2}try: rm -r \/var\/lib\/dkms\/other\/1\.0/,
  },
  {
    name: 'little space',
    break: 'mount -t tmpfs -o size=8m tmpfs /var/lib/dkms',
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'space',
    says: /less than 32 MiB free in \/var\/lib\/dkms\.\n {2}try: df -h \/var\/lib\/dkms/,
  },
  {
    name: 'a disk that is full in the middle of a build',
    break: 'mkdir /root/out; mount -t tmpfs -o size=1m tmpfs /root/out',
    words: ['build', '--out', '/root/out'],
    kind: 'space',
    says: /no space left.*\n {2}try: df -h/i,
  },
  {
    name: 'a module that does not compile',
    break:
      "sed -i 's/module_pci_driver(obsd_driver);/this is no C;/' /opt/vmmci/kmod/virtio_pci_obsd.c",
    words: ['install', '--yes', '--no-prereqs'],
    kind: 'build',
    says: /^ *virtio_pci_obsd\.c:\d+:\d+: error: [\s\S]*\n {2}try: less \/var\/log\/vmmci-dkms\/\S+\.log/m,
  },
  {
    name: 'a module that does not compile, without dkms',
    break:
      "sed -i 's/module_pci_driver(obsd_driver);/this is no C;/' /opt/vmmci/kmod/virtio_pci_obsd.c",
    words: ['build', '--out', '/tmp/vmmci-dkms-log-of-build'],
    kind: 'build',
    says: /^ *virtio_pci_obsd\.c:\d+:\d+: error: [\s\S]*\n {2}try: less \/tmp\/vmmci-dkms-log-of-build\/\S+\/make\.log/m,
  },
]

for (const { name, break: damage, words, root: from = 'dkms', kind, says } of cases)
  test(`${name}: ${kind}`, async () => {
    await using root = await Root.of(from)
    await root.addPackage(await packedPackage())
    await root.sh(damage)
    const before = await root.state()
    const { status, stdout, stderr } = await root.cli(...words)
    assert.equal(status, exitStatus[kind], stdout + stderr)
    assert.match(stderr, says)
    const kept = (await root.changed(before)).filter(
      (line) => !/^. \/tmp( |\/vmmci-dkms-log-)/.test(line),
    )
    assert.deepEqual(kept, [])
  })

test('headers deleted by hand are brought again by install', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh('rm -r /usr/src/linux-headers-*-amd64')
  const { status, stdout, stderr } = await root.cli('install', '--yes')
  assert.equal(status, 0, stdout + stderr)
  await root.sh('modinfo -k $(ls /lib/modules | tail -n 1) virtio_vmmci')
})

test('without root or sudo: privilege', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const before = await root.state()
  const { status, stderr } = await root.run([...command, 'install', '--yes'], 'nobody')
  assert.equal(status, exitStatus.privilege, stderr)
  assert.match(stderr, /needs root, and there is neither sudo nor doas\.\n {2}try: su -c /)
  assert.deepEqual(await root.changed(before), [])
})

test('an unprivileged build needs no root', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const { status, stderr } = await root.run([...command, 'build', '--out', '/tmp/out'], 'nobody')
  assert.equal(status, 0, stderr)
})

for (const words of [
  ['install', '--yes', '--no-prereqs', '--verbose'],
  ['build', '--out', '/tmp/out', '--verbose'],
])
  test(`Ctrl-C in the middle of ${words[0]}: interrupted`, async () => {
    await using root = await Root.of('dkms')
    await root.addPackage(await packedPackage())
    const before = await root.state()
    const child = root.start([...command, ...words])
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    child.stdout?.on('data', (chunk) => {
      said += chunk
      // Again at every line that follows, as impatient people do.
      if (/Building module|STARTED. Build for/.test(said)) child.kill('SIGINT')
    })
    const [status] = await once(child, 'close')
    assert.equal(status, exitStatus.interrupted, said)
    const kept = (await root.changed(before)).filter((line) => !/^. \/tmp( |\/out)/.test(line))
    assert.deepEqual(kept, [])
    assert.equal(
      (await root.sh("find /tmp/out -name '.work*' -o -name '*.ko' 2>/dev/null || true")).trim(),
      '',
    )
  })

test('two at once: the second waits, says for whom, and finds it done', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const first = root.start([...command, 'install', '--yes', '--no-prereqs'])
  for await (const chunk of first.stdout ?? []) if (/Write the sources/.test(String(chunk))) break
  const second = root.cli('install', '--yes', '--no-prereqs')
  first.stdout?.resume()
  const [status] = await once(first, 'close')
  assert.equal(status, 0)
  const { status: secondStatus, stdout, stderr } = await second
  assert.equal(secondStatus, 0, stderr)
  assert.match(stderr, /Process \d+ is at work on vmmci-dkms; waiting for it\./)
  assert.match(stdout, /is installed already/)
})

test('a dry run prints the commands and changes nothing; pasted, they do the same', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const before = await root.state()
  const { status, stdout } = await root.cli('install', '--dry-run')
  assert.equal(status, 0)
  assert.match(stdout, /^\S+every-kernel install vmmci-dkms 1\.0\.0 \S+$/m)
  assert.deepEqual(await root.changed(before), [])
  await root.sh(`cd /; sh -e <<'PLAN'\n${stdout}\nPLAN`)
  const installed = await root.cli('install', '--yes')
  assert.match(installed.stdout, /is installed already/, installed.stderr)
})
