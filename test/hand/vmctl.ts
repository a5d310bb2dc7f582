import { join } from 'node:path'
import { Command } from 'commander'
import { cache } from '../support/cache.ts'
import { control } from '../support/device.ts'

/** npm run vmctl: what vmctl(8) and vmd do, for the guest of `npm run vm`. */
const program = new Command('vmctl')
  .argument('<word...>')
  .addHelpText(
    'after',
    `
As vmctl(8):    stop, reboot
As vmd:         sync                    after the host woke, or set its clock
The host:       sleep SECONDS           it sleeps, wakes and syncs
                clock OFFSET-S PPM      its clock against this machine's
The device:     features MASK           offered when next bound (7 are all)
                status
Hostile:        command N, irq, sec N, usec N, backwards US, storm N, slow MS,
                late MS (one answer), vanish; honest ends it`,
  )
  .parse()

try {
  const state = await control(join(cache, 'vm'), program.args.join(' '))
  const parts = [
    `host ${new Date(Number(state.ns / 1_000_000n)).toISOString()}`,
    `device status ${state.status}`,
    `guest features ${state.guestFeatures}`,
    `command ${state.command}`,
    ...(state.timer ? ['a timer runs'] : []),
  ]
  console.log(parts.join(', '))
} catch (error) {
  const absent = (error as NodeJS.ErrnoException).code !== undefined
  console.error(
    absent
      ? 'vmctl: No guest runs.\n  try: npm run vm'
      : `vmctl: ${(error as Error).message}.\n  try: npm run vmctl -- --help`,
  )
  process.exitCode = 1
}
