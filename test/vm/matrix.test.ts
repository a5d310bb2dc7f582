import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from '../support/device.ts'
import { inGuest } from '../support/guest.ts'
import { allSeries } from '../support/kernels.ts'
import { sync } from '../support/synced.ts'

/** Where guests are today and tomorrow: one processor and several, with and without ACPI. */
const [oldest, newest] = [allSeries[0], allSeries.at(-1)]

for (const series of [oldest, newest])
  for (const cpus of [1, 2, 4])
    for (const acpi of [false, true])
      test(`${series}, processors: ${cpus}, ACPI: ${acpi}`, () =>
        inGuest(
          `matrix ${cpus} ${acpi}`,
          { series: series ?? '6.12', cpus, acpi },
          async (guest) => {
            const { device } = guest
            assert.equal(await guest.sh('grep -c ^processor /proc/cpuinfo'), String(cpus))
            await guest.parameter('poll_interval', 0)
            for (const hostIs of [100, -100]) {
              await device.control(`clock ${hostIs} 0`)
              await sync(device)
              // Without ACPI its clock only ticks, and a busy machine loses ticks.
              assert.ok(Math.abs((await guest.clockError()).ns) < 1e9)
              await guest.sh('modprobe -r virtio_vmmci virtio_pci_obsd; modprobe virtio_vmmci')
            }
            const mark = device.mark()
            await device.control('shutdown')
            await device.until(mark, 'ack', { value: command.shutdown })
            if (acpi) await guest.end()
            else await guest.endWhenHalted()
            assert.deepEqual(device.since(mark, 'vm-end'), [])
          },
        ))
