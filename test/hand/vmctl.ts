import { join } from 'node:path'
import { Command } from 'commander'
import { cache } from '../support/cache.ts'
import { control } from '../support/device.ts'

/** npm run vmctl: what vmctl(8) and vmd do, for the guest of `npm run vm`. */
const program = new Command('vmctl')
  .argument('<word...>')
  // --force belongs to a word.
  .allowUnknownOption()
  .addHelpText(
    'after',
    `
As vmctl(8):    stop                    the guest is asked, and has 3 s to answer
                stop --force            it is ended, and not asked
                pause, unpause
                status
The host:       sleep SECONDS           it sleeps, and wakes
                clock OFFSET-S PPM      its clock against this machine's
                after more than 5 s forward vmd tells the guest, within a second
No vmctl says:  sync, shutdown          commands, at once
                forget                  whatever it was asked to do
                speed N                 vmd waits N times less
                line i8259, line level  the interrupt line, by vmd's age
                features MASK           offered when next bound (7 are all)
                at N LINE, after N LINE do LINE at the guest's Nth access
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
    ...(state.timer ? [`a timer of ${state.timer} s runs`] : []),
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
