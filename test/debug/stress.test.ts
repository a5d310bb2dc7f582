import assert from 'node:assert/strict'
import { onEachKernel } from '../support/guest.ts'
import { sync, whileAsking } from '../support/synced.ts'

const ROUNDS = 30

/**
 * Readers of all there is to read, and a writer of the parameters. The kernel's own
 * posix_clock_register() has a new clock opened before it is whole: 20 ms later it is.
 */
const besides = `rm -f /tmp/over
  while [ ! -e /tmp/over ]; do cat /sys/bus/virtio/devices/virtio*/vmmci/*; done &
  while [ ! -e /tmp/over ]; do
    for clock in /dev/ptp*; do usleep 20000; ptp read $clock 5; done
  done &
  while [ ! -e /tmp/over ]; do
    for n in 1 0 60; do
      for name in poll_interval step_threshold_ms; do
        echo $n > /sys/module/virtio_vmmci/parameters/$name
      done
    done
  done &`

const work = `(${besides}) > /tmp/besides 2>&1
  for i in $(seq ${ROUNDS}); do
    for bus in pci/drivers/virtio-pci-obsd virtio/drivers/virtio_vmmci; do
      cd /sys/bus/$bus
      device=$(ls -d 0000:* virtio[0-9]* 2>/dev/null | head -n 1)
      echo $device > unbind; echo $device > bind
    done
    cd /
    modprobe -r virtio_vmmci virtio_pci_obsd
    modprobe virtio_vmmci
  done
  touch /tmp/over`

onEachKernel(
  'unbound, reloaded, read and written while commands come',
  { cpus: 2, acpi: true },
  async (guest) => {
    const { device } = guest
    await whileAsking(device, guest.sh(work, 1200))
    await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd; /etc/load-by-alias')
    await sync(device)
    assert.equal(await guest.attribute('features'), 'TIMESYNC ACK SYNCRTC')
  },
)
