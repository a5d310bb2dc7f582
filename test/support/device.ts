import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { closeSync, openSync, readSync, watch, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { patiently } from './patience.ts'

/** One line of the device's log; `ns` is the host's clock as the guest should see it. */
export interface DeviceEvent {
  ns: bigint
  event: string
  value?: number
  /** Of a read or a write: the register, and whether it is one, of this width. */
  offset?: number
  width?: number
  listed?: boolean
  /** Of vm-end. */
  why?: string
}

/** The interrupt line as vmd has it: by an i8259, until 7.9, or level. */
export type Line = 'i8259' | 'level'

/** What the control socket answers. */
export interface DeviceState {
  ns: bigint
  status: number
  guestFeatures: number
  isr: number
  command: number
  /** How long vmd waits for the guest, s; 0 where it does not. */
  timer: number
  /** To BAR 0, from the start of the VM. */
  accesses: number
  /** Lines that wait for an access to come. */
  waiting: number
}

/** A double would round the time to 256 ns. */
function parse<T>(line: string): T {
  const ns = /"ns":(\d+)/.exec(line)?.[1]
  return { ...JSON.parse(line), ns: BigInt(ns ?? 0) }
}

/** Offsets of vmmci's registers in BAR 0, as VMD.md has them. */
export const register = {
  queuePage: 8,
  status: 18,
  isr: 19,
  command: 20,
  seconds: 24,
  microseconds: 32,
} as const

export const command = { shutdown: 1, reboot: 2, syncrtc: 3 } as const

/** Sends a line, such as "stop" or "clock -100 0", to the device of a folder; see test/vmd/main.c. */
export async function control(folder: string, line: string): Promise<DeviceState> {
  const socket = connect(join(folder, 'control'))
  socket.write(`${line}\n`)
  const [answer] = await patiently(`an answer to ${line}`, once(socket, 'data'))
  socket.end()
  const state = parse<DeviceState & { ok: boolean }>(String(answer))
  if (!state.ok) throw new Error(`the device does not know "${line}"`)
  return state
}

/** test/vmd: a vmmci device in a process of its own. */
export class Device {
  readonly events: DeviceEvent[] = []
  /** Sanitizers speak here; otherwise it stays empty. */
  stderr = ''
  private readonly news = new EventEmitter()
  private readonly log: number
  private rest = ''

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    const file = join(folder, 'device.log')
    this.log = openSync(file, 'r')
    const watcher = watch(file, () => this.read())
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk
    })
    child.on('exit', () => {
      this.read()
      watcher.close()
      closeSync(this.log)
    })
  }

  /** Starts it by the given words; its sockets and its log are in the folder. */
  static async start(words: readonly string[], folder: string): Promise<Device> {
    writeFileSync(join(folder, 'device.log'), '')
    const [program, ...rest] = words
    const child = spawn(program as string, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    // vmd's is a part of the VM's own process. Where it has to wait for a processor, a look at the
    // host's clock takes five times what it took, and chrony uses none of those for minutes.
    if (child.pid) setPriority(child.pid, -20)
    const device = new Device(child, folder)
    await patiently('the device to listen', once(child.stdout as NodeJS.EventEmitter, 'data'))
    return device
  }

  private read(): void {
    const chunk = Buffer.alloc(65536)
    for (;;) {
      const length = readSync(this.log, chunk, 0, chunk.length, null)
      if (length === 0) break
      const lines = (this.rest + chunk.toString('utf8', 0, length)).split('\n')
      this.rest = lines.pop() as string
      for (const line of lines) this.events.push(parse(line))
    }
    this.news.emit('news')
  }

  /** A place in the log, for what comes after. */
  mark(): number {
    this.read()
    return this.events.length
  }

  /** Forgets what happened until now: the device is a new test's. */
  forget(): void {
    this.read()
    this.events.length = 0
  }

  /** Events of a kind since a mark. */
  since(mark: number, event: string, fields: Partial<DeviceEvent> = {}): DeviceEvent[] {
    return this.events
      .slice(mark)
      .filter(
        (e) =>
          e.event === event &&
          Object.entries(fields).every(([name, value]) => e[name as keyof DeviceEvent] === value),
      )
  }

  /** The first such event since a mark, as soon as it is there. */
  async until(
    mark: number,
    event: string,
    fields: Partial<DeviceEvent> = {},
    count = 1,
  ): Promise<DeviceEvent> {
    const found = async () => {
      for (;;) {
        const events = this.since(mark, event, fields)
        if (events.length >= count) return events[count - 1] as DeviceEvent
        await once(this.news, 'news')
      }
    }
    return patiently(`the device's ${event} ${JSON.stringify(fields)}`, found())
  }

  /** A line for the control socket. */
  control(line: string): Promise<DeviceState> {
    return control(this.folder, line)
  }

  /** Its end, which is the VM's; the status is 0 unless a sanitizer found something. */
  async end(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null)
      await patiently('the device to end', once(this.child, 'exit'))
    return this.child.exitCode
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }
}
