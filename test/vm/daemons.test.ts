import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startChrony, untilFileSays } from '../support/daemons.ts'
import { register } from '../support/device.ts'
import { type Guest, inGuest } from '../support/guest.ts'

/** Whole polls of the driver, at one a second. */
async function polls(guest: Guest, times: number): Promise<void> {
  await guest.device.until(guest.device.mark(), 'read', { offset: register.seconds }, times * 5)
}

/** A host that is set 10 s back, of which vmd tells nobody: without a daemon it is a step. */
async function isLeftAlone(guest: Guest): Promise<void> {
  await guest.said(/a time daemon disciplines the clock: stepping only at SYNCRTC/)
  assert.equal(await guest.attribute('disciplined'), '1')
  const said = guest.console.length
  await guest.device.control('clock -10 0')
  await polls(guest, 3)
  assert.doesNotMatch(guest.console.slice(said), /detected drift/)
}

async function isStepped(guest: Guest): Promise<void> {
  const said = guest.console.length
  await guest.parameter('discipline_hold', 1)
  await guest.said(/no time daemon disciplines the clock any more/, said)
  assert.equal(await guest.attribute('disciplined'), '0')
  await guest.device.control('clock -20 0')
  await guest.said(/detected drift greater than/, said)
}

const withDaemons = { acpi: true, disk: 'node' } as const

test('chrony is left alone with the clock, until it has gone', () =>
  inGuest('chrony', { ...withDaemons, series: '6.12' }, async (guest) => {
    await guest.parameter('poll_interval', 1)
    await guest.device.control('clock 0.05 50')
    await startChrony(guest, 'refclock PHC /dev/ptp_vmmci poll 1 dpoll 1')
    await isLeftAlone(guest)
    await guest.sh('kill $(pidof chronyd)')
    await isStepped(guest)
  }))

test('systemd-timesyncd is left alone with the clock, until it has gone', () =>
  inGuest('timesyncd', { ...withDaemons, series: '6.12' }, async (guest) => {
    await guest.parameter('poll_interval', 1)
    await guest.sh('ifconfig lo up')
    // A server that tells the host's time and leaves the guest's alone.
    await startChrony(guest, 'refclock PHC /dev/ptp_vmmci poll 1 dpoll 1\nallow 127.0.0.1', '-x')
    await untilFileSays(guest, '/tmp/chronyd.log', 'Selected source')
    await guest.device.control('clock 0.05 50')
    await guest.onDisk(`mkdir -p /run/systemd /etc/systemd
      printf '[Time]\\nNTP=127.0.0.1\\nPollIntervalMinSec=16\\n' > /etc/systemd/timesyncd.conf
      /usr/lib/systemd/systemd-timesyncd >/tmp/timesyncd.log 2>&1 </dev/null &`)
    await isLeftAlone(guest)
    await guest.sh('kill $(pidof systemd-timesyncd) $(pidof chronyd)')
    await isStepped(guest)
  }))

/**
 * A poll is 2^this seconds. VMMCI_CHRONY_POLL=10, the longest by default, takes 17 minutes for each of
 * three; changes that are smaller still have a test of their own, below.
 */
const poll = Number(process.env.VMMCI_CHRONY_POLL ?? 4)

test(`chrony at poll ${poll}: what it changes at one is remembered until the next`, () =>
  inGuest('chrony at a poll', { ...withDaemons, series: '6.12' }, async (guest) => {
    await guest.parameter('poll_interval', 1)
    await guest.parameter('discipline_hold', Math.round(2 ** poll * 1.25))
    // A server with the guest's own clock: there is next to nothing to correct.
    await guest.sh('ifconfig lo up')
    await guest.onDisk(`printf '%s\n' 'local stratum 8' 'allow 127.0.0.1' 'cmdport 0' \
        'bindcmdaddress /' 'pidfile /tmp/server.pid' > /tmp/server.conf
      chronyd -f /tmp/server.conf -u root -x -L 0 -l /tmp/server.log`)
    // An answer that came late is taken, too: beside other tests many do, and each poll has to tell.
    const server = `server 127.0.0.1 iburst minpoll ${poll} maxpoll ${poll} maxdelaydevratio 1e9`
    await startChrony(guest, `${server}\nport 0\nlog tracking`)
    await untilFileSays(guest, '/tmp/tracking.log', '127.0.0.1')
    await isLeftAlone(guest)
    const said = guest.console.length
    await guest.sh(
      `count() { grep -c 127.0.0.1 /tmp/tracking.log; }
       end=$(($(count) + 3)); until [ $(count) -ge $end ]; do sleep 1; done`,
      2 ** poll * 5,
    )
    assert.equal(await guest.attribute('disciplined'), '1')
    assert.doesNotMatch(guest.console.slice(said), /detected drift|no time daemon/)
  }))

// chrony changes that little at long polls; the kernel's own unit is 2^-16 ppm.
test('a daemon that changes the frequency by next to nothing is seen', () =>
  inGuest('quiet daemon', { acpi: true, series: '6.12' }, async (guest) => {
    await guest.parameter('poll_interval', 1)
    await polls(guest, 2)
    assert.equal(await guest.attribute('disciplined'), '0')
    await guest.sh('adjtimex -f 1')
    await isLeftAlone(guest)
  }))

// From 7.3 on a tick is as long as the clocksource makes it.
for (const series of ['6.12', '7.3'] as const)
  for (const clocksource of ['tsc', 'refined-jiffies'])
    test(`${series}: nobody is taken for a daemon, on ${clocksource}`, () =>
      inGuest(
        `nobody on ${clocksource} ${series}`,
        { series, acpi: clocksource === 'tsc', append: `clocksource=${clocksource}` },
        async (guest) => {
          await guest.parameter('poll_interval', 1)
          assert.equal(await guest.clocksource(), clocksource)
          await polls(guest, 4)
          // Set at the bind; by jiffies a guest that waits for a processor loses ticks, and is stepped.
          const syncs = await guest.attribute('sync_count')
          assert.match(syncs, clocksource === 'tsc' ? /^1$/ : /^[1-9]/)
          assert.equal(await guest.attribute('disciplined'), '0')
          assert.doesNotMatch(guest.console, /disciplines/)
        },
      ))
