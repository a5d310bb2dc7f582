import assert from 'node:assert/strict'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { sync } from '../support/synced.ts'

/** Each allocation of whatever kind can fail, and the log tells of none (fault-injection.rst). */
const everyKind = `cd /sys/kernel/debug
  for kind in failslab fail_page_alloc; do
    echo N > $kind/ignore-gfp-wait
    echo 0 > $kind/verbose
  done
  echo 0 > fail_page_alloc/min-order`

const ours = '/lib/modules/$(uname -r)/updates/dkms'

/** Where something is bound, by its folder of the driver and the name of the device there. */
const rebound = (driver: string, device: string) =>
  `cd ${driver}; device=$(ls -d ${device}); echo $device > unbind; fail-nth write bind $device unbind; echo $device > bind`

const cases: [name: string, script: string][] = [
  [
    'virtio_vmmci, loaded with no device to bind to',
    `modprobe -r virtio_vmmci virtio_pci_obsd
    modprobe -a ptp virtio virtio_ring 2>/dev/null || true
    fail-nth load ${ours}/virtio_vmmci.ko virtio_vmmci`,
  ],
  [
    'virtio_pci_obsd, loaded where both bind',
    `insmod ${ours}/virtio_vmmci.ko
    fail-nth load ${ours}/virtio_pci_obsd.ko virtio_pci_obsd
    insmod ${ours}/virtio_pci_obsd.ko`,
  ],
  ['the transport, bound', rebound('/sys/bus/pci/drivers/virtio-pci-obsd', '0000:*')],
  ['the driver, bound', rebound('/sys/bus/virtio/drivers/virtio_vmmci', 'virtio*')],
]

/** Reading a module's file fails aloud: that is the kernel's own way. */
const failedReads = /^.*vmalloc error(.*\n){1,4}.*Call Trace:$/gm

async function everyAllocation(guest: Guest): Promise<void> {
  await guest.sh(everyKind)
  for (const [name, script] of cases) {
    const told = await guest.sh(script, 1200)
    console.log(`# ${name}: ${told}`)
    assert.match(told, /^[1-9]\d* failed, \d+ of them borne$/m)
  }
  await sync(guest.device)
  guest.console = guest.console.replaceAll(failedReads, '')
}

onEachKernel('the nth allocation fails, for each n', {}, everyAllocation)
