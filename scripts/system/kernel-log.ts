import { closeSync, constants, openSync, readSync } from 'node:fs'
import { byRoot, exec } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'

/** One line of the kernel's log. */
export interface KernelLine {
  /** Rises from line to line: its number since boot, or its time in us where no number is told. */
  sequence: number
  text: string
}

export interface KernelLog {
  lines: KernelLine[]
  /** The oldest lines are gone: the ring buffer has wrapped. */
  wrapped: boolean
}

/** A record of /dev/kmsg: "priority,sequence,us,flags;text", then lines that begin with a space. */
function parseRecord(record: string): KernelLine | undefined {
  const match = /^\d+,(\d+),[^;]*;([^\n]*)/.exec(record)
  return match ? { sequence: Number(match[1]), text: match[2] as string } : undefined
}

/** All records that are there (Documentation/ABI/testing/dev-kmsg); undefined where we may not. */
function readKmsg(): KernelLine[] | undefined {
  let fd: number
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  const lines: KernelLine[] = []
  const record = Buffer.alloc(8192)
  try {
    for (;;) {
      try {
        const line = parseRecord(record.toString('utf8', 0, readSync(fd, record)))
        if (line) lines.push(line)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // EPIPE: the record was overwritten before we came; the next read gives the oldest one.
        if (code === 'EAGAIN') return lines
        if (code !== 'EPIPE') return undefined
      }
    }
  } finally {
    closeSync(fd)
  }
}

/** What dmesg(1) prints, in any of its versions: "[    1.234567] text", perhaps with a level before. */
export function parseDmesg(text: string): KernelLog {
  const lines = text
    .split('\n')
    .map((line) => /^(?:<\d+>)?\[ *(\d+)\.(\d{6})\](?:\[ *[TC]\d+\])? ?(.*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, s, us, line]) => ({ sequence: Number(`${s}${us}`), text: line as string }))
  return { lines, wrapped: (lines[0]?.sequence ?? 0) > 0 }
}

/**
 * The kernel's log as it is: not through journald or syslog, which may not run and which translate.
 *
 * /dev/kmsg numbers its records, so that a wrapped buffer shows. Where only root may read it
 * (kernel.dmesg_restrict), dmesg is asked through sudo or doas.
 *
 * @throws Failure `privilege` where it may not be read.
 */
export async function readKernelLog(): Promise<KernelLog> {
  const lines = readKmsg()
  if (lines) return { lines, wrapped: (lines[0]?.sequence ?? 0) > 0 }
  const { status, stdout, stderr } = await exec({ argv: ['dmesg'], root: true })
  if (status !== 0)
    throw new Failure('privilege', "The kernel's log may not be read.", {
      details: stderr.trim().split('\n'),
      mend: byRoot('vmmci-dkms smoke'),
    })
  return parseDmesg(stdout)
}

/** Calls back for each line of the kernel's log, those that are there and those that come. */
export async function followKernelLog(
  onLine: (line: KernelLine) => void,
  signal: AbortSignal,
): Promise<void> {
  let rest = ''
  const onOutput = (text: string) => {
    const records = (rest + text).split('\n')
    rest = records.pop() as string
    for (const record of records) {
      const line = parseRecord(record)
      if (line) onLine(line)
    }
  }
  // cat, for it can be ended while it waits; a read of our own could not.
  const argv = ['cat', '/dev/kmsg']
  await exec({ argv, ...(!readable('/dev/kmsg') && { root: true }) }, { onOutput, signal })
}

function readable(file: string): boolean {
  try {
    closeSync(openSync(file, 'r'))
    return true
  } catch {
    return false
  }
}
