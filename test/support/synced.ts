import { command, type Device, register } from './device.ts'

/**
 * Waits until the driver has served a SYNCRTC that came since a mark: it acknowledges, sets the clock,
 * and looks at the command again.
 */
export async function served(device: Device, mark: number): Promise<void> {
  const ack = await device.until(mark, 'ack', { value: command.syncrtc })
  const fields = { offset: register.command, value: 0 }
  await device.until(device.events.indexOf(ack), 'read', fields)
}

/** Has the host send a SYNCRTC, and waits until the clock is set. */
export async function sync(device: Device): Promise<void> {
  const mark = device.mark()
  await device.control('sync')
  await served(device, mark)
}

/** Asks for a SYNCRTC whenever the device's status changes, while something else is done. */
export async function whileAsking(device: Device, work: Promise<unknown>): Promise<void> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  while (!done) {
    const change = device.until(device.mark(), 'write', { offset: register.status })
    await Promise.race([change.catch(() => {}), ended])
    await device.control('sync')
  }
}
