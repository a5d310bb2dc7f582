import assert from 'node:assert/strict'
import { chmodSync, chownSync } from 'node:fs'
import { test } from 'node:test'
import { managers } from '../../scripts/install/packages.ts'
import { quote } from '../../scripts/run/exec.ts'
import { pasted } from '../../scripts/run/pasted.ts'
import { asTyped, typedJson } from '../../scripts/run/typed.ts'
import { Tree } from '../support/tree.ts'

const editor = '"$' + '{EDITOR:-vi}"'

/** Somebody's own folder; where root makes it, it is given to nobody. */
const own = new Tree({ 'manifest.json': '' })
if (process.getuid?.() === 0)
  for (const path of ['manifest.json', '']) chownSync(own.at(path), 65534, 65534)

/** A line that mends; the same by one who has sudo. */
for (const [line, bySudo] of [
  ['ls /lib/modules', undefined],
  ['cat /proc/cmdline', undefined],
  ['vmmci-dkms install', undefined],
  ['df -h /usr/src /var/lib/dkms', undefined],
  ["su -c 'reboot && dmesg'", undefined],
  ['sudo ls -l /root', undefined],
  ["echo 'a | reboot' | sudo tee -a /etc/x", undefined],
  ["less '/proc/it'\\''s && reboot'", undefined],
  [`${editor} ${own.at('manifest.json')}`, undefined],
  ['reboot', 'sudo reboot'],
  ['dmesg | less', 'sudo dmesg | less'],
  ['apt-get update -q && apt-get install x', 'sudo apt-get update -q && sudo apt-get install x'],
  [
    'env DEBIAN_FRONTEND=noninteractive apt-get remove x',
    'sudo env DEBIAN_FRONTEND=noninteractive apt-get remove x',
  ],
  ['rmmod a && modprobe b', 'sudo rmmod a && sudo modprobe b'],
  ['rm -r /usr/src/a-1', 'sudo rm -r /usr/src/a-1'],
  ["rm '/etc/it'\\''s'", "sudo rm '/etc/it'\\''s'"],
  [`${editor} +3 /etc/passwd`, `sudo ${editor} +3 /etc/passwd`],
  [`${editor} /etc/modprobe.d/new.conf`, `sudo ${editor} /etc/modprobe.d/new.conf`],
  ["echo 'a $& b' | tee -a /etc/passwd", "echo 'a $& b' | sudo tee -a /etc/passwd"],
] as const)
  test(`to be pasted: ${line}`, () => {
    const right = bySudo ?? line
    assert.equal(pasted(line, true, 'sudo'), line)
    assert.equal(pasted(line, false, 'sudo'), right)
    assert.equal(pasted(pasted(line, false, 'sudo'), false, 'sudo'), right)
    assert.equal(pasted(line, false, ''), bySudo ? `su -c ${quote(line)}` : line)
  })

test('a closed folder of root’s is read by root', { skip: process.getuid?.() !== 0 }, () => {
  const closed = new Tree({ 'a/key': '' })
  for (const [mode, by] of [
    [0o755, ''],
    [0o700, 'sudo '],
  ] as const) {
    chmodSync(closed.root, 0o755)
    chmodSync(closed.at('a'), mode)
    const line = `ls -l ${closed.at('a/key')}`
    assert.equal(pasted(line, false, 'sudo'), by + line)
  }
})

test('each package manager is asked by root', () => {
  for (const { refresh = [], upgrade = [], install, reinstall, remove } of Object.values(managers))
    for (const words of [refresh, upgrade, install, reinstall, remove])
      if (words.length > 0)
        assert.equal(pasted(words.join(' '), false, 'doas'), `doas ${words.join(' ')}`)
})

test('what is said to mend something is a line to be pasted, and nothing else is', () => {
  const { getuid } = process
  try {
    Object.assign(process, { getuid: () => 1000 })
    const right = pasted('apt-get install x')
    assert.notEqual(right, 'apt-get install x')
    assert.equal(
      asTyped('apt-get install x\n  try: apt-get install x\n'),
      `apt-get install x\n  try: ${right}\n`,
    )
    assert.deepEqual(JSON.parse(typedJson({ message: 'reboot', mend: 'apt-get install x' })), {
      message: 'reboot',
      mend: right,
    })
  } finally {
    Object.assign(process, { getuid })
  }
})
