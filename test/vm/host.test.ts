import assert from 'node:assert/strict'
import { command } from '../support/device.ts'
import { type Guest, onEachKernel } from '../support/guest.ts'
import { served } from '../support/synced.ts'

/** vmd told the guest of its clock once since a mark, by its own tick, and the guest is right. */
async function wasTold(guest: Guest, mark: number): Promise<void> {
  const { device } = guest
  await served(device, mark)
  assert.equal(device.since(mark, 'interrupt', { value: command.syncrtc }).length, 1)
  assert.deepEqual(device.since(mark, 'vmctl'), [])
  const { ns } = await guest.clockError()
  assert.ok(Math.abs(ns) < 1e6, `${ns} ns off`)
}

onEachKernel(
  'a host that sleeps, steps its clock, or pauses the guest tells of it within a tick',
  { on: '6.12', own: true, acpi: true },
  async (guest) => {
    const { device } = guest
    await guest.parameter('poll_interval', 0)
    for (const word of ['sleep 28800', 'clock 30000 0']) {
      const mark = device.mark()
      await device.control(word)
      await wasTold(guest, mark)
    }

    const mark = device.mark()
    await device.control('pause')
    await device.control('sleep 10')
    const unpaused = device.mark()
    await device.control('unpause')
    await wasTold(guest, mark)
    assert.deepEqual(
      device.events.slice(mark, unpaused).filter(({ event }) => event === 'interrupt'),
      [],
      'nothing while it was paused',
    )
  },
)
