import { readSysfs } from './machine.ts'

/** What the kernel tells the time by between two readings of any other clock. */
export interface ClockSource {
  name: string
  isGood: boolean
  /** What it means for the guest's clock. */
  message: string
  mend?: string
}

const good: Record<string, string> = {
  'kvm-clock': 'does not drift against the host',
  tsc: 'some millionths off',
  hyperv_clocksource_tsc_page: 'does not drift against the host',
  xen: 'does not drift against the host',
  arch_sys_counter: 'some millionths off',
}

/** Without ACPI the kernel finds nothing to calibrate the tsc by, and counts its own ticks. */
const coarse = new Set(['refined-jiffies', 'jiffies', 'pit'])

/** A clock source by its name, as the kernel has it. */
export function judgeClockSource(name: string): ClockSource {
  if (coarse.has(name))
    return {
      name,
      isGood: false,
      message: `${name} drifts by seconds an hour; boot with tsc_early_khz=KHZ tsc=reliable, KHZ by the host's sysctl machdep.tscfreq / 1000`,
      mend: 'cat /proc/cmdline',
    }
  return { name, isGood: true, message: good[name] ? `${name}: ${good[name]}` : name }
}

/** The one that this kernel uses; undefined where it does not say. */
export function readClockSource(root = ''): ClockSource | undefined {
  const name = readSysfs('/sys/devices/system/clocksource/clocksource0/current_clocksource', root)
  return name ? judgeClockSource(name) : undefined
}
