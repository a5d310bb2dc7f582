import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { median } from 'simple-statistics'
import { type Guest, inGuest, kernelsFor, onEachKernel, withoutOurs } from '../support/guest.ts'
import { builtModules, type Series, type Variant } from '../support/kernels.ts'
import { sync } from '../support/synced.ts'

/** The clock's device, by its name. */
const clockDevice = async (guest: Guest) =>
  `/dev/${await guest.sh('basename $(dirname $(grep -lx vmmci /sys/class/ptp/*/clock_name))')}`

/** Readings as chrony makes them: the guest's clock before and after, and the host's between; ns. */
async function readings(guest: Guest, count: number): Promise<[bigint, bigint, bigint][]> {
  const text = await guest.sh(`ptp read ${await clockDevice(guest)} ${count}`)
  return text
    .split('\n')
    .map((line) => line.trim().split(' ').map(BigInt) as [bigint, bigint, bigint])
}

onEachKernel('10,000 readings of the PTP clock', { acpi: true }, async (guest, series) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  await sync(device)

  const before = await guest.clockError()
  const mark = device.mark()
  const read = await readings(guest, 10_000)
  const after = await guest.clockError()
  const snapshots = device.since(mark, 'snapshot').map((e) => BigInt(e.value ?? 0))

  const rising = read.every(([, host], i) => i === 0 || host > (read[i - 1]?.[1] ?? 0n))
  assert.ok(rising, 'readings rise')
  // JSON's numbers hold a time to 256 ns; vmd cuts it to 1 us, and half of one is added.
  let looks = 0
  for (const [, host] of read) {
    while (looks < snapshots.length && host - (snapshots[looks] as bigint) > 1000n) looks++
    const apart = Number(host - (snapshots[looks] ?? 0n))
    assert.ok(Math.abs(apart) <= 1000, `a reading is ${apart} ns from vmd's clock`)
  }
  assert.ok(
    snapshots.length <= 4 * read.length,
    `${snapshots.length} looks, four a reading at most`,
  )

  // The guest's clock by readings that the driver has no part in, between those before and after.
  const doubt = BigInt(Math.max(before.window, after.window)) / 2n
  const [low, high] = [before.ns, after.ns].sort((a, b) => a - b).map((ns) => BigInt(ns))
  const within = read.filter(
    ([from, host, to]) =>
      from - (high as bigint) - doubt <= host && host <= to - (low as bigint) + doubt,
  )
  assert.ok(within.length >= 9900, `${within.length} of 10,000 lie within their window`)
  const window = median(read.map(([from, , to]) => Number(to - from)))
  console.log(
    `# ${series}: ${within.length} of 10,000 within their window, ${(window / 1e3).toFixed(1)} us wide, of ${snapshots.length}`,
  )
})

onEachKernel('a reading that takes long is made again', { acpi: true }, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  await sync(device)
  await readings(guest, 25)

  await device.control('late 200')
  const [[before, , after] = [0n, 0n, 0n]] = await readings(guest, 1)
  assert.ok(after - before < 200_000_000n, `${after - before} ns`)

  const mark = device.mark()
  await device.control('slow 20')
  await readings(guest, 1)
  await device.control('honest')
  assert.equal(device.since(mark, 'snapshot').length, 4, 'but not for ever')
})

onEachKernel('the PTP clock cannot be set', { on: 'all' }, async (guest) => {
  assert.equal(
    (await guest.sh(`ptp refuse ${await clockDevice(guest)}`)).replaceAll('\r', ''),
    [
      'max_adj: 0',
      'pps: 0',
      'set: EOPNOTSUPP',
      'shift: EOPNOTSUPP',
      'adjust: EOPNOTSUPP',
      'pps: EOPNOTSUPP',
    ].join('\n'),
  )
})

/** Has phc_ctl tell the guest's clock from the host's; it has to find what we find. */
async function compareByPhcCtl(guest: Guest, clock: string): Promise<void> {
  const compared = await guest.onDisk(`phc_ctl ${clock} cmp 2>&1`)
  const { ns } = await guest.clockError()
  const told = Number(/offset from CLOCK_REALTIME is (-?\d+)ns/.exec(compared)?.[1])
  assert.ok(Math.abs(Math.abs(told) - Math.abs(ns)) < 1e6, `${compared} and ${ns} ns`)
}

onEachKernel('phc_ctl beside the PTP clock', { acpi: true, disk: 'node' }, async (guest) => {
  await sync(guest.device)
  const clock = await clockDevice(guest)
  await compareByPhcCtl(guest, clock)
  // A rate beyond max_adj is refused before the driver is asked.
  for (const [words, errno] of [
    ['set', 'Operation not supported'],
    ['adj 1', 'Operation not supported'],
    ['freq 10', 'Numerical result out of range'],
  ]) {
    const told = await guest.onDisk(`phc_ctl ${clock} ${words} 2>&1 || true`)
    assert.ok(told.includes(errno as string), told)
  }
})

/** What a reading fails by. */
const refusal = async (guest: Guest) => {
  const { status, output } = await guest.run(`ptp read ${await clockDevice(guest)} 25`)
  assert.equal(status, 1)
  return output.trim()
}

onEachKernel('a host that lies gives an errno', {}, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  await sync(device)
  await readings(guest, 25)
  for (const [words, errno] of [
    ['sec 0', 'Numerical result out of range'],
    ['sec 4294967290', 'Numerical result out of range'],
    ['usec 1000000', 'Numerical result out of range'],
    ['backwards 1000', 'Input/output error'],
    ['vanish', 'Numerical result out of range'],
  ]) {
    await device.control(words as string)
    assert.equal(await refusal(guest), `read: ${errno}`, words)
    await device.control('honest')
    await readings(guest, 25)
  }

  // Set back by an hour is no lie.
  await device.control('clock -3600 0')
  const [[guests, hosts] = [0n, 0n]] = await readings(guest, 25)
  assert.ok(hosts - guests < -3599_000_000_000n)
})

onEachKernel('unbound while somebody reads', {}, async (guest) => {
  const { device } = guest
  const follow = async () => {
    await guest.sh(`ptp follow ${await clockDevice(guest)} >/tmp/follow & echo $! >/tmp/pid
      until grep -q reading /tmp/follow; do :; done`)
  }
  const told = () =>
    guest.sh('while kill -0 $(cat /tmp/pid) 2>/dev/null; do :; done; tail -n 1 /tmp/follow')

  await follow()
  await guest.sh(`cd /sys/bus/virtio/drivers/virtio_vmmci; d=$(ls -d virtio*)
    echo $d > unbind; ! ls /sys/class/ptp | grep .; echo $d > bind`)
  assert.equal(await told(), 'ENODEV')

  await follow()
  await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd')
  assert.equal(await told(), 'ENODEV')
  await guest.sh('modprobe virtio_vmmci')
  await readings(guest, 25)
  assert.equal((await device.control('status')).status & 4, 4)
})

onEachKernel('no TIMESYNC, no PTP clock', { own: true, features: 6 }, async (guest) => {
  assert.equal(await guest.sh('ls /sys/class/ptp 2>/dev/null || true'), '')
  assert.doesNotMatch(guest.console, /vmmci.*ptp/i)
})

/** A guest with virtio_vmmci as it is built for a variant of its kernel. */
async function inVariant(
  name: string,
  series: Series,
  variant: Variant,
  run: (guest: Guest) => Promise<void>,
): Promise<void> {
  const file = readFileSync(join(await builtModules(series, variant), 'virtio_vmmci.ko'))
  const files = { 'root/virtio_vmmci.ko': file }
  const disk = 'node'
  await inGuest(name, { series, acpi: true, disk, append: withoutOurs, files }, async (guest) => {
    await guest.sh(
      'modprobe -a virtio_pci_obsd $(modinfo -F depends /root/virtio_vmmci.ko | tr , " ")',
    )
    await guest.sh('insmod /root/virtio_vmmci.ko')
    await run(guest)
    await guest.sh('rmmod virtio_vmmci')
  })
}

for (const series of kernelsFor('6.12'))
  test(`${series} without PTP: one line, and all else works`, () =>
    inVariant('without PTP', series, 'without-PTP', async (guest) => {
      const { device } = guest
      assert.equal(await guest.sh('dmesg | grep -c "no PTP clock"'), '1')
      await sync(device)
      await guest.attribute('drift_ns')
    }))

// The core still takes what they had, and brackets it itself.
for (const series of kernelsFor('ends'))
  test(`${series}: the PTP clock as kernels before 5.0 have it`, () =>
    inVariant('before 5.0', series, 'before-5.0', async (guest) => {
      await guest.device.control('clock -100 0')
      const clock = await clockDevice(guest)
      const extended = await guest.run(`ptp read ${clock} 1`)
      assert.match(extended.output, /Operation not supported/)
      await compareByPhcCtl(guest, clock)
    }))

// Of these kernels only 5.10 has PTP as a module.
onEachKernel(
  'PTP as a module, loaded before ours or by it',
  { on: '5.10', own: true, debug: false, append: withoutOurs },
  async (guest) => {
    for (const first of ['ptp', 'virtio_vmmci']) {
      assert.equal(await guest.sh('lsmod | grep ^ptp || true'), '')
      await guest.sh(`modprobe ${first} && modprobe virtio_vmmci`)
      await readings(guest, 25)
      await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd ptp')
    }
  },
)

onEachKernel('user space is told of a SYNCRTC', {}, async (guest) => {
  const { device } = guest
  await guest.parameter('poll_interval', 0)
  await sync(device)
  await guest.sh(`busybox uevent sh -c 'env > /tmp/$VMMCI_COMMAND' >/dev/null 2>&1 &
    echo $! >/tmp/listener
    mkfifo /tmp/SYNCRTC
    until awk '$2 == 15 && $3 != 0' /proc/net/netlink | grep -q .; do :; done`)
  await device.control('clock 100 0')
  const told = await guest.sh('cat /tmp/SYNCRTC; kill $(cat /tmp/listener); rm /tmp/SYNCRTC')
  assert.match(told, /^ACTION=change\r?$/m)
  assert.match(told, /^DRIVER=virtio_vmmci\r?$/m)
  const stepped = Number(/^VMMCI_STEP_NS=(\d+)/m.exec(told)?.[1])
  assert.ok(Math.abs(stepped - 100e9) < 1e9, `${stepped} ns`)
})
