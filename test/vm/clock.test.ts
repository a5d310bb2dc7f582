import assert from 'node:assert/strict'
import { command } from '../support/device.ts'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { served, sync } from '../support/synced.ts'

const MS = 1e6
const S = 1e9

/** Waits for measurements that begin from now on; the first is asked for. */
async function measured(guest: Guest, times = 1): Promise<void> {
  const file = '/sys/bus/virtio/drivers/virtio_vmmci/virtio*/vmmci/host_time'
  await guest.sh(`poll=/sys/module/virtio_vmmci/parameters/poll_interval
    for i in $(seq ${times}); do
      was=$(cat ${file} 2>/dev/null || true)
      if [ $i = 1 ]; then cat $poll > /tmp/poll; cat /tmp/poll > $poll; fi
      until [ "$(cat ${file} 2>/dev/null)" != "$was" ]; do usleep 50000; done
    done`)
}

/** The driver's drift, and the same told by a reading that it has no part in, in ns. */
async function drifts(guest: Guest): Promise<{ driver: number; own: number; doubt: number }> {
  await measured(guest)
  const driver = Number(await guest.attribute('drift_ns'))
  const uncertainty = Number(await guest.attribute('drift_uncertainty_ns'))
  const { ns, window } = await guest.clockError()
  return { driver, own: -ns, doubt: uncertainty + window / 2 }
}

function near(is: number, should: number, within: number, what: string): void {
  assert.ok(
    Math.abs(is - should) <= within,
    `${what}: ${is} ns, not ${should} ns to within ${within} ns`,
  )
}

onEachKernel('SYNCRTC leaves less than 1 ms', { on: 'all', acpi: true }, async (guest, series) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  await sync(device)

  // The host's clock, in s from here: the guest is 100 s behind, 100 s ahead, 2 h behind, 300 ms off.
  // Of a jump forward vmd tells by itself.
  for (const [host, word] of [
    [100, 'status'],
    [0, 'sync'],
    [7200, 'status'],
    [7200.3, 'sync'],
  ] as const) {
    const mark = device.mark()
    await device.control(`clock ${host} 0`)
    await device.control(word)
    const interrupt = await device.until(mark, 'interrupt')
    const ack = await device.until(mark, 'ack')
    assert.equal(ack.value, command.syncrtc)
    await served(device, mark)
    const { ns, window } = await guest.clockError()
    near(ns, 0, MS, `error left, host at ${host} s`)
    const took = Number(ack.ns - interrupt.ns) / MS
    console.log(
      `# ${series}, host at ${host} s: ${(ns / 1e3).toFixed(0)} us left (+/- ${(window / 2e3).toFixed(0)}), acknowledged after ${took.toFixed(1)} ms`,
    )
  }
})

/** Both ways to say it. */
const threshold = (guest: Guest) =>
  guest.sh('cd /sys/module/virtio_vmmci/parameters; echo $(cat step_threshold_ms step_threshold)')

onEachKernel(
  'drift is found, stepped beyond the threshold, told below it',
  { acpi: true },
  async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 1)
    await sync(device)

    // Back, of which vmd tells nobody.
    await device.control('clock -30 0')
    await guest.said(/detected drift greater than 0.100 seconds/)
    await measured(guest)
    near((await guest.clockError()).ns, 0, MS, 'error after a step')

    const epoch = await guest.epoch()
    await device.control('clock -30.08 0')
    const below = await drifts(guest)
    near(below.driver, -80 * MS, MS, 'drift below the threshold')
    near(below.driver, below.own, MS + below.doubt, 'drift against an own reading')
    near(await guest.epoch(), epoch, MS, 'a clock that was to be left alone')

    await guest.parameter('step_threshold', 0)
    await device.control('clock -1030 0')
    near((await drifts(guest)).driver, -1000 * S, MS, 'drift where nothing is stepped')

    const said = guest.console.length
    await guest.parameter('step_threshold', 1)
    assert.equal(await threshold(guest), '1000 1')
    await guest.said(
      /detected drift greater than 1.000 seconds.*synchronization routine finished/s,
      said,
    )
    near((await guest.clockError()).ns, 0, MS, 'error after the threshold was lowered')

    // As configurations have it from the time when it was 5 s.
    await guest.parameter('step_threshold', 5)
    assert.equal(await threshold(guest), '5000 5')
    await guest.parameter('step_threshold_ms', 250)
    assert.equal(await threshold(guest), '250 1')
  },
)

onEachKernel(
  'bound, it sets the clock, however little that is off, unless a daemon was at work',
  { on: 'all', acpi: true },
  async (guest) => {
    const boundAnew = async (): Promise<string> => {
      await guest.sh(`cd /sys/bus/virtio/drivers/virtio_vmmci
        device=$(ls -d virtio*)
        echo $device > unbind
        echo $device > bind`)
      // In one poll the clock is set first, and measured then.
      await measured(guest)
      return guest.attribute('sync_count')
    }
    await sync(guest.device)
    await guest.device.control('clock 0.05 0')
    assert.equal(await boundAnew(), '1')
    near((await guest.clockError()).ns, 0, MS, 'error left')

    // 0.00002 ppm is the least that a daemon can ask for.
    await guest.sh('adjtimex -f 1')
    const besideDaemon = await boundAnew()
    await guest.sh('adjtimex -f 0')
    assert.equal(besideDaemon, '0')

    // OpenNTPD leaves the frequency alone for the most part, and has the kernel slew.
    assert.equal(await boundAnew(), '1')
    assert.equal(await guest.attribute('disciplined'), '0')
    await guest.sh('slew 500')
    await guest.sh(`cd /sys/bus/virtio/drivers/virtio_vmmci/virtio*/vmmci
      until [ $(cat disciplined) = 1 ]; do usleep 50000; done`)
  },
)

onEachKernel('a host that is 50 ppm fast is told so', { acpi: true }, async (guest, series) => {
  const { device } = guest
  await guest.parameter('step_threshold', 0)
  await guest.parameter('poll_interval', 1)

  const look = async () =>
    (
      await guest.sh(
        'cd /sys/bus/virtio/drivers/virtio_vmmci/virtio*/vmmci; cat drift_ns drift_uncertainty_ns host_time',
      )
    )
      .split('\n')
      .map(Number) as [number, number, number]
  let doubt = 15
  /** Drift in ppm over some polls. */
  const rate = async () => {
    await measured(guest)
    const [first, doubtFirst, from] = await look()
    await measured(guest, 12)
    const [last, doubtLast, to] = await look()
    doubt += (doubtFirst + doubtLast) / 1e3 / (to - from)
    return (last - first) / 1e3 / (to - from)
  }
  const own = await rate()
  await device.control('clock 0 50')
  const fast = await rate()
  console.log(
    `# ${series}: ${own.toFixed(1)} ppm by itself, ${fast.toFixed(1)} ppm with the host 50 ppm fast`,
  )
  // The emulated tsc has a rate of its own; what the host's adds to it is 50 ppm.
  assert.ok(Math.abs(fast - own - 50) < doubt, `${own} ppm, then ${fast} ppm, +/- ${doubt}`)
  const now = await drifts(guest)
  near(now.driver, now.own, 100e3 + now.doubt, 'drift against an own reading')
})
