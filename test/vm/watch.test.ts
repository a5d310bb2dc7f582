import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Verdict, verdictStatus } from '../../scripts/look/status.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { halfRead, ownConfig, settle, startChrony, untilFileSays } from '../support/daemons.ts'
import { type Guest, inGuest } from '../support/guest.ts'

const options = { series: '6.12', acpi: true, disk: 'node' } as const

/** chrony follows the host's clock by what install --chrony writes, and has stepped to it if it had to. */
async function withChrony(guest: Guest): Promise<void> {
  await startChrony(guest, ownConfig())
  await settle(guest)
}

/** What status says, and that it ends as it does where things are well, or are not. */
const clockStatus = async (guest: Guest, verdict: Verdict = 'well') => {
  const { status, output } = await guest.cli('status')
  assert.equal(status, verdictStatus[verdict], output)
  for (const line of output.split('\n')) assert.ok(line.trimEnd().length <= 80, line)
  return output.replaceAll('\r', '')
}

test('watch and status beside chrony', () =>
  inGuest('watch', options, async (guest) => {
    await withChrony(guest)
    const status = await clockStatus(guest)
    assert.match(status, /^PTP clock {5}\/dev\/ptp0$/m)
    assert.match(status, /^disciplined {3}\w+; chronyd$/m)
    assert.match(
      status,
      /^clock drift {3}-?\d+\.\d{3} ms \(host minus guest\), \+\/- \d+\.\d{3} ms$/m,
    )

    const json = await guest.cli('watch --json --count 5 --interval 0.5')
    assert.equal(json.status, 0, json.output)
    const lines = json.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(lines.length, 5)
    lines.forEach((line, i) => {
      // chrony slews whatever is less than a second.
      assert.ok(Math.abs(line.driftNs) < 1e9 && line.uncertaintyNs > 0, JSON.stringify(line))
      assert.equal(line.frequencyPpm === null, i < 2)
      assert.deepEqual(Object.keys(line.counts), ['syncs', 'shutdown', 'reboot', 'SYNCRTC'])
      if (i > 0) assert.ok(line.hostTime > lines[i - 1].hostTime)
    })

    const text = await guest.cli('watch --count 3 --interval 0.5 --plot /tmp/clock.svg')
    assert.equal(text.status, 0, text.output)
    const [heading, ...rows] = text.output.trimEnd().split('\n')
    assert.match(heading ?? '', /^time +host-guest us +\+\/- us +freq ppm +syncs/)
    assert.equal(rows.length, 3)
    for (const row of rows) assert.ok(row.trimEnd().length <= 80, row)
    assert.match(await guest.sh('cat /mnt/tmp/clock.svg'), /^<svg .*host minus guest.*<path/s)
    // Whoever may not ask the driver waits for it.
    await guest.parameter('poll_interval', 1)
    const user = await guest.cli('watch --json --count 2', 'guest')
    assert.equal(user.output.trim().split('\n').length, 2, user.output)
    assert.equal((await guest.cli('watch --interval 0')).status, exitStatus.usage)
  }))

test('a device that is gone while chrony reads it', () =>
  inGuest('gone', options, async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 1)
    await withChrony(guest)
    const said = Number(await guest.sh('dmesg | wc -l'))
    await device.control('vanish')
    await guest.said(/host time .* refused/)
    // chronyd gives up on a clock of which it had nothing eight times, every 4 s.
    await guest.sh("until chroot /mnt chronyc -n sources | grep -q '^#[?] VMCI'; do sleep 1; done")
    assert.match(
      await clockStatus(guest, 'wrong'),
      /^ +that is old: the host's clock cannot be read \(ERANGE\)$/m,
    )
    await guest.cli('watch --interval 0.5 >/tmp/watch 2>&1 &')
    await untilFileSays(guest, '/tmp/watch', 'The clock cannot be read: ERANGE')
    await guest.sh('kill $(pidof node); while pidof node; do :; done')
    const grown = Number(await guest.sh('dmesg | wc -l')) - said
    const seconds = Number((await guest.sh('cat /proc/uptime')).split(' ')[0])
    assert.ok(grown <= 12 + 3 * seconds, `${grown} lines in ${seconds} s`)

    await device.control('honest')
    await settle(guest)
    assert.doesNotMatch(await clockStatus(guest), /cannot be read/)

    await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd')
    assert.doesNotMatch(await clockStatus(guest), /PTP clock/)
    assert.equal((await guest.cli('watch')).status, exitStatus.load)
  }))

test('a host that sleeps and does not say so', () =>
  inGuest('no SYNCRTC', { ...options, features: 3 }, async (guest) => {
    await guest.parameter('poll_interval', 1)
    await withChrony(guest)
    // Before, the step would be the driver's.
    await guest.said(/a time daemon disciplines the clock/)
    const mark = guest.device.mark()
    const syncs = await guest.attribute('sync_count')
    // The worst moment: what chronyd makes of two readings from before and two from after is 14,400 s.
    await halfRead(guest)
    await guest.device.control('sleep 28800')
    // By 28799.99... where the guest was ahead of the host, however little.
    await untilFileSays(guest, '/tmp/chronyd.log', 'stepped by 28\\(800.0\\|799.9\\)')
    await settle(guest)
    assert.equal(guest.device.since(mark, 'interrupt').length, 0)
    assert.equal(await guest.attribute('sync_count'), syncs)
    assert.match(await clockStatus(guest), /^disciplined {3}\w+; chronyd$/m)
  }))
