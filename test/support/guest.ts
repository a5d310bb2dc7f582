import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { quote } from '../../scripts/run/exec.ts'
import { cache } from './cache.ts'
import { type Device, register } from './device.ts'
import { allSeries, debugSeries, isDebugging, type Series } from './kernels.ts'
import { assemble, type GuestOptions } from './machine.ts'
import { patiently } from './patience.ts'
import { qemuCommand } from './qemu.ts'
import { Qmp } from './qmp.ts'
import type { Root } from './roots.ts'
import { took } from './times.ts'

/** Kernel words by which modprobe loads nothing of ours by alias (modprobe.d(5)). */
export const withoutOurs = 'modprobe.blacklist=virtio_pci_obsd,virtio_vmmci'

/** What no kernel log of ours may hold, whatever else passed. */
const alarms =
  /\b(WARNING|BUG|Oops|INFO: (possible|task|rcu|trying)|general protection|Call Trace|UBSAN|KASAN|Kernel panic|nobody cared)\b/

/** The kernel's own data races are its own: those that name one of our modules count. */
const isAlarm = (line: string) =>
  alarms.test(line) &&
  (!line.includes('KCSAN: data-race') || /\[virtio_(vmmci|pci_obsd)\]/.test(line))

/** What the shell says after each script (test/guest/etc/shell). */
const ended = /@@(\d+)\r?\n/

export interface ClockError {
  /** Guest minus host, ns. */
  ns: number
  /** Between the bounds that the readings give, ns: the error is known to half of it. */
  window: number
}

/** A guest of a vmd that is not there: QEMU, our device beside it, and a shell on a serial line. */
export class Guest {
  /** All that came over the console so far, for the test that has the guest now. */
  console = ''
  private readonly news = new EventEmitter()
  private answer = ''
  private shell: Socket | undefined
  private gone = false

  private constructor(
    readonly root: Root,
    readonly device: Device,
    private readonly qemu: ChildProcess,
    private readonly server: Server,
    readonly second: Device | undefined,
  ) {
    qemu.stdout?.on('data', (chunk: Buffer) => {
      this.console += String(chunk).replaceAll('\r', '')
      this.news.emit('news')
    })
    qemu.stderr?.on('data', (chunk: Buffer) => {
      this.console += `qemu: ${chunk}`
      this.news.emit('news')
    })
    qemu.on('exit', () => {
      this.gone = true
      this.news.emit('news')
    })
    server.on('connection', (socket) => {
      this.shell = socket
      socket.on('data', (chunk: Buffer) => {
        this.answer += String(chunk)
        this.news.emit('news')
      })
    })
  }

  /** Starts the machine; ready() waits until it is up. */
  static async start(options: GuestOptions): Promise<Guest> {
    const { root, device, second, words } = await assemble(options)
    const server = createServer().listen(join(root.folder, 'vm/shell'))
    await once(server, 'listening')
    const { argv, cwd } = await qemuCommand(root, [...words, ...lines])
    const [program, ...rest] = argv
    const qemu = spawn(program as string, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    return new Guest(root, device, qemu, server, second)
  }

  /** Starts it and waits for its shell. */
  static async boot(options: GuestOptions): Promise<Guest> {
    const start = Date.now()
    const guest = await Guest.start(options)
    try {
      await guest.ready()
      took('boot', options.series, start)
      return guest
    } catch (error) {
      guest.keepLogs(`boot ${options.series}`, error)
      await guest.dispose()
      throw error
    }
  }

  /** What the kernel tells the time by, once it has settled. */
  clocksource(): Promise<string> {
    return this.sh('cat /sys/devices/system/clocksource/clocksource0/current_clocksource')
  }

  /** Waits for something that what comes over a line, or its end, brings about. */
  private async until<T>(what: string, look: () => T | undefined, limitS?: number): Promise<T> {
    const found = async () => {
      for (;;) {
        const result = look()
        if (result !== undefined) return result
        if (this.gone) throw new Error(`The VM is gone, and there was no ${what}`)
        await once(this.news, 'news')
      }
    }
    return patiently(what, found(), limitS)
  }

  /** Waits for the shell, after a boot or another one. */
  async ready(limitS?: number): Promise<void> {
    const up = () => (this.answer.includes('@@ready') ? true : undefined)
    await this.until('shell', up, limitS)
    this.answer = ''
  }

  /** Waits for words on the console; those from before `from`, a length of it, do not count. */
  async said(pattern: RegExp, from = 0): Promise<string> {
    return this.until(
      `${pattern} on the console`,
      () => pattern.exec(this.console.slice(from))?.[0],
    )
  }

  /** Waits for words in the answer to what is running. */
  async answered(pattern: RegExp): Promise<string> {
    return this.until(`${pattern} in the answer`, () => {
      const found = pattern.exec(this.answer)?.[0]
      if (!found && ended.test(this.answer)) throw new Error(`no ${pattern} in ${this.answer}`)
      return found
    })
  }

  /** Runs shell commands inside. */
  async run(script: string, limitS?: number): Promise<{ status: number; output: string }> {
    this.answer = ''
    this.shell?.write(`${Buffer.from(script).toString('base64')}\n`)
    const look = () => ended.exec(this.answer) ?? undefined
    const end = await this.until(`end of ${script}`, look, limitS)
    return { status: Number(end[1]), output: this.answer.slice(0, end.index) }
  }

  /** The same, for its output; throws where it fails. */
  async sh(script: string, limitS?: number): Promise<string> {
    const { status, output } = await this.run(`set -e\n${script}`, limitS)
    if (status !== 0) throw new Error(`${script}: ${status}\n${output}`)
    return output.trim()
  }

  /** Starts what does not come back, such as poweroff. */
  start(script: string): void {
    this.shell?.write(`${Buffer.from(script).toString('base64')}\n`)
  }

  /**
   * What vmm(4) does, and QEMU does not: ends the VM once its processor has halted with interrupts
   * off. Waits for that.
   */
  async endWhenHalted(): Promise<void> {
    const qmp = await Qmp.connect(join(this.root.folder, 'vm/qmp'))
    while (!(await qmp.halted()));
    await this.kill()
  }

  /** Waits until QEMU has ended. */
  async end(): Promise<void> {
    if (!this.gone) await patiently('the VM to end', once(this.qemu, 'exit'))
  }

  /** Shell commands that let what runs on the node disk see this machine. */
  private static readonly openDisk = `if ! [ -e /mnt/proc/version ]; then
      for d in proc sys dev tmp lib/modules; do mkdir -p /mnt/$d; mount --rbind /$d /mnt/$d; done
      mkdir -p /mnt/opt/vmmci; mount --bind /opt/vmmci /mnt/opt/vmmci
    fi\n`

  /** Runs our command inside, as a user of the node disk and in some language; at a terminal or not. */
  async cli(words: string, user = 'root', language = 'C.UTF-8', terminal = false) {
    const env = `LANG=${language} LC_ALL=${language} PATH=/usr/sbin:/usr/bin:/sbin:/bin`
    const line = `env ${env} node /opt/vmmci/dist/cli.js ${words}`
    const typed = terminal ? `script -qefc ${quote(line)} /dev/null` : line
    return this.run(
      `${Guest.openDisk}setsid chroot /mnt /usr/bin/setpriv --reuid=${user} --regid=${user} --init-groups ${typed}`,
    )
  }

  /** Runs shell commands on the node disk, where the time daemons are; throws where one fails. */
  onDisk(script: string): Promise<string> {
    return this.sh(`${Guest.openDisk}chroot /mnt sh -ec ${quote(script)}`)
  }

  /** A file of the device's vmmci/ folder. */
  attribute(name: string): Promise<string> {
    return this.sh(`cat /sys/bus/virtio/drivers/virtio_vmmci/virtio*/vmmci/${name}`)
  }

  /** Sets a parameter of virtio_vmmci at run time. */
  parameter(name: string, value: number): Promise<string> {
    return this.sh(`echo ${value} > /sys/module/virtio_vmmci/parameters/${name}`)
  }

  /**
   * Guest against host by reads that the driver has no part in: what 20 of them, made at once, allow;
   * or the tightest one, where the clock moved so much meanwhile that nothing agrees with all (jiffies).
   */
  async clockError(): Promise<ClockError> {
    const mark = this.device.mark()
    const text = await this.sh(
      `clock $(dirname $(grep -l 0x0b5d /sys/bus/pci/devices/*/vendor))/resource 20`,
    )
    const pairs = text.split('\n').map((line) => line.trim().split(' ').map(BigInt))
    await this.device.until(mark, 'read', { offset: register.queuePage }, pairs.length)
    const reads = this.device.since(mark, 'read', { offset: register.queuePage })
    const bounds = pairs.map(([before = 0n, after = 0n], i): [number, number] => {
      const host = reads[i]?.ns ?? 0n
      return [Number(before - host), Number(after - host)]
    })
    const widths = bounds.map(([from, to]) => to - from)
    const tightest = bounds[widths.indexOf(Math.min(...widths))] ?? [0, 0]
    const from = Math.max(...bounds.map(([from]) => from))
    const to = Math.min(...bounds.map(([, to]) => to))
    const [low, high] = from <= to ? [from, to] : tightest
    return { ns: Math.round((low + high) / 2), window: high - low }
  }

  /** CLOCK_REALTIME minus CLOCK_MONOTONIC, ns: only a step changes it. */
  async epoch(): Promise<number> {
    return Number(await this.sh('epoch'))
  }

  /** A file of the disk, read from outside once the VM has ended. */
  diskFile(path: string): Promise<string> {
    return this.root.sh(`debugfs -R ${quote(`cat ${path}`)} /vm/disk 2>/dev/null`)
  }

  /** Fails where the kernel complained of anything, or the guest accessed what is no register. */
  private assertQuiet(): void {
    const alarmed = this.console.split('\n').filter(isAlarm)
    assert.deepEqual(alarmed, [], 'the kernel complained')
    const stray = this.device.events.filter((e) => e.listed === false)
    assert.deepEqual(stray, [], 'registers were accessed that are none')
  }

  /** The same, and where the device's sanitizers did; the VM is ended first. */
  async checkQuiet(): Promise<void> {
    await this.kill()
    assert.equal(await this.device.end(), 0, `a sanitizer complained: ${this.device.stderr}`)
    this.assertQuiet()
  }

  /**
   * Makes it the next test's: the device as it was made, the clock right, the drivers loaded anew by
   * their aliases, and nothing of the past in any log. Fails where the test before left a complaint.
   */
  async renew(features = 7): Promise<void> {
    const { device } = this
    const asMade = ['unpause', 'honest', 'clock 0 0', `features ${features}`, 'speed 1', 'forget']
    for (const words of asMade) await device.control(words)
    const ours = 'virtio_vmmci virtio_pci_obsd'
    await this.sh(`modprobe -r ${ours}; /etc/load-by-alias`)
    const mark = device.mark()
    await device.control('sync')
    if (features === 7) await device.until(mark, 'ack')
    await this.sh(`modprobe -r ${ours}`)
    this.assertQuiet()
    device.forget()
    await this.sh('dmesg -c >/dev/null')
    this.console = ''
    await this.sh('/etc/load-by-alias')
  }

  /**
   * Fails where memory of ours is held by nobody, on a kernel that looks for that (kmemleak). It takes
   * an object of less than five seconds for one that is still on its way.
   */
  async checkLeaks(): Promise<void> {
    const found = await this.sh(`cd /sys/kernel/debug && [ -e kmemleak ] || exit 0
      echo scan > kmemleak; sleep 6; echo scan > kmemleak; cat kmemleak`)
    const ours = found.split(/^(?=unreferenced)/m).filter((leak) => /\[virtio_/.test(leak))
    assert.deepEqual(ours, [], 'memory was left behind')
  }

  /** Keeps both logs, and prints where and how they end. */
  keepLogs(name: string, error: unknown): void {
    const folder = join(cache, 'failed', name.replaceAll(/[^\w.]+/g, '-'))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'console.log'), this.console)
    copyFileSync(join(this.root.folder, 'vm/device.log'), join(folder, 'device.log'))
    const tail = (text: string) => text.trimEnd().split('\n').slice(-25).join('\n')
    const events = this.device.events.slice(-25).map((e) => JSON.stringify({ ...e, ns: `${e.ns}` }))
    console.error(
      [
        `# ${name}: ${(error as Error).message}`,
        `# the console, in ${folder}/console.log, ends:`,
        tail(this.console),
        '# the shell said last:',
        tail(this.answer),
        `# the device's log, in ${folder}/device.log, ends:`,
        ...events,
        tail(this.device.stderr),
      ].join('\n'),
    )
  }

  private async kill(): Promise<void> {
    this.qemu.kill('SIGKILL')
    await this.end()
  }

  async dispose(): Promise<void> {
    await this.kill()
    this.shell?.destroy()
    this.server.close()
    this.device.kill()
    this.second?.kill()
    await this.root.dispose()
  }
}

/** The console to us, and a second serial line for the shell. */
const lines = [
  ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
  ...['-chardev', 'socket,id=shell,path=shell', '-serial', 'chardev:shell'],
]

/** Runs a test's part in a guest, looks at what its kernel said afterwards, and ends it. */
export async function using(
  guest: Guest,
  name: string,
  run: (guest: Guest) => Promise<void>,
): Promise<void> {
  try {
    await run(guest)
    await guest.checkQuiet()
  } catch (error) {
    guest.keepLogs(name, error)
    throw error
  } finally {
    await guest.dispose()
  }
}

/** Boots a guest for a test. */
export async function inGuest(
  name: string,
  options: GuestOptions,
  run: (guest: Guest) => Promise<void>,
): Promise<void> {
  await using(await Guest.boot(options), `${name} ${options.series}`, run)
}

/** Guests that wait for their next test, by what they are made of. */
const waiting = new Map<string, Guest>()

/** Ends them after the last test of the file; said once, and only in a file that has such tests. */
let ending = false
function endThemAtLast(): void {
  if (ending) return
  ending = true
  after(async () => {
    for (const [made, guest] of waiting) await using(guest, made, () => guest.checkLeaks())
  })
}

/** Runs a test in a guest that others of the same make had before it, and will have after it. */
async function inTurn(
  name: string,
  options: GuestOptions,
  run: (guest: Guest) => Promise<void>,
): Promise<void> {
  const made = JSON.stringify(options)
  const guest = waiting.get(made) ?? (await Guest.boot(options))
  waiting.delete(made)
  try {
    await run(guest)
    await guest.renew(options.features)
    waiting.set(made, guest)
  } catch (error) {
    guest.keepLogs(`${name} ${options.series}`, error)
    await guest.dispose()
    throw error
  }
}

export interface Where {
  /**
   * `all` where the kernels differ in what is tested, by an interface of KERNEL.md that changed on
   * the way; else the oldest and the newest show it.
   */
  on?: 'all' | 'ends' | Series
  /** For what ends the machine, or leaves it another one: a guest of its own. */
  own?: boolean
  /** Off where a kernel that looks for faults is another one in what is tested. */
  debug?: boolean
}

/**
 * The kernels of a test that this run asks for: VMMCI_SERIES names some, else it is all that are
 * released. A kernel that looks for faults gets whatever it is named for.
 */
export function kernelsFor(on: Where['on'], debug = true): Series[] {
  const wanted: readonly string[] = process.env.VMMCI_SERIES?.split(' ') ?? allSeries
  const [oldest, newest] = [allSeries[0], allSeries.at(-1)]
  return ([...allSeries, ...debugSeries] as Series[]).filter(
    (series) =>
      wanted.includes(series) &&
      (on === 'all' ||
        (debug && isDebugging(series)) ||
        series === on ||
        (on === 'ends' && (series === oldest || series === newest))),
  )
}

/** The same test on several of the kernels, in guests that tests of the same options share. */
export function onEachKernel(
  name: string,
  { on = 'ends', own = false, debug = true, ...options }: Omit<GuestOptions, 'series'> & Where,
  run: (guest: Guest, series: Series) => Promise<void>,
): void {
  if (!own) endThemAtLast()
  for (const series of kernelsFor(on, debug))
    test(`${series}: ${name}`, () =>
      (own ? inGuest : inTurn)(name, { series, ...options }, (guest) => run(guest, series)))
}
