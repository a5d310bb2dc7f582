import { existsSync } from 'node:fs'
import { type ProcessPromise, $ as zx } from 'zx/core'
import { Failure } from './failure.ts'

/** A command as a value: what a dry run prints is what a real run executes. */
export interface Command {
  argv: readonly string[]
  /** Needs privilege: run through sudo or doas where the user has none. */
  root?: boolean
  cwd?: string
  env?: Record<string, string>
  /** A failure of this one does not matter. */
  optional?: boolean
}

export interface Result {
  status: number
  stdout: string
  stderr: string
}

export interface ExecOptions {
  /** Called with every piece of output, as it comes. */
  onOutput?: (text: string) => void
  /** Ends it early. */
  signal?: AbortSignal
  /** It talks with the person at the terminal itself; nothing of that is kept. */
  terminal?: boolean
}

/** Where the system's tools are, also for a user whose PATH lacks the sbin folders. */
export const toolPath = [
  ...new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']),
]
  .filter(Boolean)
  .join(':')

/** The full path of a program, or undefined. */
export function which(program: string): string | undefined {
  return toolPath
    .split(':')
    .map((folder) => `${folder}/${program}`)
    .find((file) => existsSync(file))
}

/** Quotes for any POSIX shell; plain words stay as they are. */
export function quote(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) && !word.startsWith('~')
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** The words that are run in the end, with sudo or doas where they are needed. */
function words(command: Command): readonly string[] {
  if (!command.root || isRoot()) return command.argv
  const raise = which('sudo') ?? which('doas')
  if (!raise)
    throw new Failure('privilege', 'This needs root, and there is neither sudo nor doas.', {
      mend: `su -c ${quote(process.argv.map(quote).join(' '))}`,
    })
  return [raise.split('/').at(-1) as string, ...command.argv]
}

/** A command as a person would type it. */
export function show(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${quote(value)}`)
  const line = [...env, ...words(command).map(quote)].join(' ')
  return command.cwd ? `cd ${quote(command.cwd)} && ${line}` : line
}

/** Throws unless commands that need privilege can be run at all. */
export function requireRoot(): void {
  words({ argv: ['true'], root: true })
}

const running = new Set<ProcessPromise>()

/** Ends one with all its children. */
function stop(child: ProcessPromise): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    child.child?.kill('SIGTERM')
  }
}

/** Ends what is running. */
export function stopRunning(): void {
  running.forEach(stop)
}

/**
 * Runs a command and collects its output; a status other than 0 is not an error here.
 *
 * The only place that starts processes. zx joins the quoted words for a POSIX sh (it must not need
 * bash), and `exec` makes that sh the program itself. A process group of its own, so that an
 * interruption is answered by us, in order; except under sudo, which wants its terminal.
 */
export async function exec(command: Command, options: ExecOptions = {}): Promise<Result> {
  const argv = words(command)
  const $ = zx({
    shell: '/bin/sh',
    prefix: 'exec ',
    postfix: '',
    quote,
    nothrow: true,
    quiet: true,
    detached: !options.terminal && argv === command.argv,
    stdio: options.terminal
      ? 'inherit'
      : [argv === command.argv ? 'ignore' : 'inherit', 'pipe', 'pipe'],
    ...(command.cwd && { cwd: command.cwd }),
    env: { ...process.env, LC_ALL: 'C', PATH: toolPath, ...command.env },
  })
  const child = $`${argv}`
  const listen = (chunk: Buffer) => options.onOutput?.(chunk.toString())
  if (!options.terminal) {
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
  }
  running.add(child)
  options.signal?.addEventListener('abort', () => stop(child))
  const { exitCode, signal, stdout, stderr } = await child.finally(() => running.delete(child))
  return { status: exitCode ?? (signal ? 128 : 1), stdout, stderr }
}

/** As exec, for its output; undefined where the program is missing or says no. */
export async function ask(argv: readonly string[]): Promise<string | undefined> {
  const program = argv[0]
  if (program === undefined || !which(program)) return undefined
  const { status, stdout } = await exec({ argv })
  return status === 0 ? stdout.trim() : undefined
}
