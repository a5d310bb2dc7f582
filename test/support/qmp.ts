import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { patiently } from './patience.ts'

const ended = () => new Error('QEMU has ended')

/** QEMU's own control socket (qemu-qmp-ref), a command at a time. */
export class Qmp {
  private text = ''

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => socket.emit('error', ended()))
  }

  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp(connect(path))
    await qmp.execute('qmp_capabilities')
    return qmp
  }

  /** Sends a command, and gives what it returned. */
  async execute(command: string, args: object = {}): Promise<unknown> {
    // Nobody is left to answer, and the close was told already.
    if (this.socket.closed) throw ended()
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    return patiently(`an answer to QMP ${command}`, this.answer())
  }

  private async answer(): Promise<unknown> {
    for (;;) {
      const lines = this.text.split('\n')
      this.text = lines.pop() as string
      const answer = lines
        .map((line) => JSON.parse(line))
        .find((m) => 'return' in m || 'error' in m)
      if (answer?.error) throw new Error(answer.error.desc)
      if (answer) return answer.return
      await once(this.socket, 'data')
    }
  }

  /** Whether the first processor has halted with interrupts off: it will never do anything again. */
  async halted(): Promise<boolean> {
    const registers = await this.execute('human-monitor-command', {
      'command-line': 'info registers',
    })
    const [, flags = '0', halt] = /RFL=(\w+).* HLT=(\d)/.exec(String(registers)) ?? []
    return halt === '1' && (Number.parseInt(flags, 16) & 0x200) === 0
  }
}
