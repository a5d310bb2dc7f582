import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootMeanSquare } from 'simple-statistics'
import { beyondDoubt, ownConfig, settle, startChrony, untilFileSays } from '../support/daemons.ts'
import { register } from '../support/device.ts'
import { type ClockError, type Guest, inGuest, onEachKernel } from '../support/guest.ts'

/** So many readings, one after the other. */
async function errors(guest: Guest, times: number): Promise<ClockError[]> {
  const all: ClockError[] = []
  while (all.length < times) all.push(await guest.clockError())
  return all
}

const epoch = async (guest: Guest) => Number(await guest.sh('epoch'))

/** Whole polls of the driver, at one a second. */
async function polls(guest: Guest, times: number): Promise<void> {
  await guest.device.until(guest.device.mark(), 'read', { offset: register.seconds }, times * 5)
}

onEachKernel(
  'chrony with this clock alone, also after eight hours of sleep',
  { acpi: true, disk: 'node' },
  async (guest, series) => {
    const { device } = guest
    await device.control('clock 0 50')
    await device.control('sync')
    await device.until(0, 'ack')
    await startChrony(guest, ownConfig())
    await untilFileSays(guest, '/tmp/chronyd.log', 'Selected source VMCI')
    await settle(guest)

    const before = await epoch(guest)
    const followed = await errors(guest, 100)
    const rmsBefore = rootMeanSquare(followed.map((e) => e.ns))
    assert.ok(rootMeanSquare(followed.map(beyondDoubt)) < 50e3, `${rmsBefore} ns`)
    assert.ok(Math.abs((await epoch(guest)) - before) < 50e3, 'a step')

    const mark = device.mark()
    await device.control('sleep 28800')
    await device.until(mark, 'ack')
    assert.ok(beyondDoubt(await guest.clockError()) < 1e6, 'right as soon as it is acknowledged')
    await settle(guest)
    const after = await errors(guest, 100)
    const rmsAfter = rootMeanSquare(after.map((e) => e.ns))
    assert.ok(rootMeanSquare(after.map(beyondDoubt)) < 50e3, `${rmsAfter} ns after the sleep`)

    // One step, forward, and by the driver.
    const stepped = (await epoch(guest)) - before
    assert.ok(Math.abs(stepped - 28800e9) < 1e9, `${stepped} ns`)
    assert.equal(await guest.attribute('sync_count'), '2')
    assert.doesNotMatch(await guest.sh('cat /tmp/chronyd.log'), /stepped/)
    console.log(
      `# ${series}: RMS ${(rmsBefore / 1e3).toFixed(1)} us, after the sleep ${(rmsAfter / 1e3).toFixed(1)} us`,
    )
  },
)

/** A host that is 10 s ahead, which is a step without a daemon. */
async function isLeftAlone(guest: Guest): Promise<void> {
  await guest.said(/a time daemon disciplines the clock: stepping only at SYNCRTC/)
  assert.equal(await guest.attribute('disciplined'), '1')
  const said = guest.console.length
  await guest.device.control('clock 10 0')
  await polls(guest, 3)
  assert.doesNotMatch(guest.console.slice(said), /detected drift/)
}

async function isStepped(guest: Guest): Promise<void> {
  const said = guest.console.length
  await guest.parameter('discipline_hold', 1)
  await guest.said(/no time daemon disciplines the clock any more/, said)
  assert.equal(await guest.attribute('disciplined'), '0')
  await guest.device.control('clock 20 0')
  await guest.said(/detected drift greater than 5 seconds/, said)
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

for (const clocksource of ['tsc', 'refined-jiffies'])
  test(`nobody is taken for a daemon, on ${clocksource}`, () =>
    inGuest(
      `nobody on ${clocksource}`,
      { series: '6.12', acpi: clocksource === 'tsc', append: `clocksource=${clocksource}` },
      async (guest) => {
        await guest.parameter('poll_interval', 1)
        assert.equal(await guest.clocksource(), clocksource)
        // Five looks at the clock's rate, which are 10 s apart.
        await polls(guest, 55)
        assert.equal(await guest.attribute('disciplined'), '0')
        assert.doesNotMatch(guest.console, /disciplines/)
      },
    ))
