import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import type { Guest } from './guest.ts'

const config = (name: string): string => readFileSync(join(home, 'kmod/config', name), 'utf8')

/** What install --chrony writes. */
export const defaultConfig = (): string => config('chrony.conf')

/** What install --chrony=precise writes; it does in seconds what the other does in minutes. */
export const ownConfig = (): string => config('chrony-precise.conf')

/** What the packaged udev rules do, for guests that have no udev. */
const asUdevDoes = `
ln -sf $(basename $(dirname $(grep -lx vmmci /sys/class/ptp/*/clock_name))) /dev/ptp_vmmci
cat > /tmp/on-uevent <<'END'
[ "\${VMMCI_STEP_NS:-0}" != 0 ] || exit 0
chroot /mnt chronyc -n reset sources
END
busybox uevent sh /tmp/on-uevent >/dev/null 2>&1 </dev/null &
until awk '$2 == 15 && $3 != 0' /proc/net/netlink | grep -q .; do :; done`

/** Starts chronyd on a guest's node disk; what it says and reads goes to chronyd.log and refclocks.log in /tmp. */
export async function startChrony(guest: Guest, config: string, words = ''): Promise<void> {
  await guest.sh(asUdevDoes)
  await guest.onDisk(`cat > /tmp/chrony.conf <<'END'
${config}
driftfile /tmp/drift
logdir /tmp
log refclocks
END
  chronyd -f /tmp/chrony.conf -u root -L 0 -l /tmp/chronyd.log ${words}`)
}

/** Waits until a file of the guest holds a line. */
export const untilFileSays = (guest: Guest, file: string, pattern: string): Promise<string> =>
  guest.sh(`until grep -q '${pattern}' ${file} 2>/dev/null; do sleep 0.2; done`)

/** Waits until chronyd has two of the four readings that it weighs together, and nothing more for a second. */
export const halfRead = (guest: Guest): Promise<string> =>
  guest.sh("until tail -n 1 /tmp/refclocks.log | grep -q 'VMCI *1 '; do sleep 0.1; done")

/** Waits until chronyd has read the clock twice more, which takes it some two seconds. */
export const readTwice = (guest: Guest): Promise<string> =>
  guest.sh(`lines() { wc -l < /tmp/refclocks.log; }
    end=$(($(lines) + 2)); until [ $(lines) -ge $end ]; do sleep 0.2; done`)

/** Waits until chronyd has found the clock: the time to 1 ms, the rate to 100 ppm. */
export const settle = (guest: Guest): Promise<string> =>
  guest.onDisk('chronyc -n waitsync 0 0.001 100 1')
