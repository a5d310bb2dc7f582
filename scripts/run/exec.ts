import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { type ProcessPromise, $ as zx } from 'zx/core'
import { Failure } from './failure.ts'
import { interruption } from './interrupt.ts'

/** A command as a value: what a dry run prints is what a real run executes. */
export interface Command {
  argv: readonly string[]
  /** Needs privilege: run through sudo or doas where the user has none. */
  root?: boolean
  cwd?: string
  env?: Record<string, string>
  /** What it reads; nothing otherwise. */
  input?: string
  /** A failure of this one does not matter. */
  optional?: boolean
  /** An interruption waits for its end: what it would leave half-way is not ours to undo. */
  whole?: boolean
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
  /** An open file that it gets as its file descriptor 3. */
  file?: number
}

/** The PATH without what npm puts there for the time of one run. */
export const userPath = (): string[] =>
  (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => folder && !folder.endsWith('/node_modules/.bin'))

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

/** The words with which the user called us. */
export const ownWords = (): string[] => [
  process.execPath,
  ...process.execArgv,
  ...process.argv.slice(1),
]

/** Why nobody but root can do it. */
export const unraisable = 'This needs root, and there is neither sudo nor doas.'

/** What is said where root is needed and cannot be had. */
export const noRoot = (why: string): Failure =>
  new Failure('privilege', why, { mend: `su -c ${quote(ownWords().map(quote).join(' '))}` })

/** What makes a user root here; undefined where nothing does. */
export const raiser = (): 'sudo' | 'doas' | undefined =>
  (['sudo', 'doas'] as const).find((program) => which(program))

/** Whether who reads us is root: not somebody whom sudo or doas made it for this run. */
export function readerIsRoot(env = process.env, by: string | undefined = raiser()): boolean {
  const { SUDO_UID = '0', DOAS_USER = 'root' } = env
  return isRoot() && ((SUDO_UID === '0' && DOAS_USER === 'root') || !by)
}

/** A line that only root can run, as who reads it would type it. */
export function byRoot(
  line: string,
  root = readerIsRoot(),
  by: string | undefined = raiser(),
): string {
  if (root) return line
  return by ? `${by} ${line}` : `su -c ${quote(line)}`
}

/** What comes before a program's words where root has another user run it. */
export const asUser = ({ uid, gid }: { uid: string; gid: string }): string[] => [
  ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
]

/** A command's words, with sudo or doas where `privileged` is false and they are needed. */
function words({ argv, root }: Command, privileged: boolean): readonly string[] {
  const by = root && !privileged ? raiser() : undefined
  return by ? [by, ...argv] : argv
}

/** A command as a person would type it. */
export function show(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${quote(value)}`)
  const line = [...env, ...words(command, readerIsRoot()).map(quote)].join(' ')
  const fed = command.input === undefined ? line : `printf %s ${quote(command.input)} | ${line}`
  // Whoever pastes it stays where they are.
  return command.cwd ? `(cd ${quote(command.cwd)} && ${fed})` : fed
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

interruption.addEventListener('abort', () => running.forEach(stop))

/**
 * Runs a command and collects its output; a status other than 0 is not an error here.
 *
 * The only place that starts processes. zx is given a spawn without a shell: words stay words, and
 * may be longer together than what one argument of a shell may be. A process group of its own, so
 * that an interruption is answered by us, in order; except under sudo, which wants its terminal.
 */
export async function exec(command: Command, options: ExecOptions = {}): Promise<Result> {
  const argv = words(command, isRoot())
  if (command.root && !isRoot() && !raiser()) throw noRoot(unraisable)
  const { terminal, file } = options
  const own = argv === command.argv && !terminal
  const $ = zx({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote,
    nothrow: true,
    quiet: true,
    detached: own,
    spawn: ((_, __, more) =>
      spawn(argv[0] as string, argv.slice(1), { ...more, shell: false })) as typeof spawn,
    stdio: terminal
      ? 'inherit'
      : [
          command.input !== undefined ? 'pipe' : own ? 'ignore' : 'inherit',
          'pipe',
          'pipe',
          ...(file === undefined ? [] : [file]),
        ],
    ...(command.input !== undefined && { input: command.input }),
    ...(command.cwd && { cwd: command.cwd }),
    env: {
      ...process.env,
      LC_ALL: 'C',
      PATH: toolPath,
      // As a shell's cd: Makefiles go by $(PWD), and would be at work where we were called.
      ...(command.cwd && { PWD: command.cwd }),
      ...command.env,
    },
  })
  const child = $`${argv}`
  // zx only closes what it has written to.
  if (command.input === '') child.stdin.end()
  const listen = (chunk: Buffer) => options.onOutput?.(chunk.toString())
  if (!terminal) {
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
  }
  if (!command.whole) running.add(child)
  options.signal?.addEventListener('abort', () => stop(child))
  const { exitCode, stdout, stderr } = await child.finally(() => running.delete(child))
  // As shells have it: 127 is a program that cannot be started, and 128 one that was ended.
  if (exitCode !== null && exitCode < 0)
    return { status: 127, stdout, stderr: `${argv[0]}: ${getSystemErrorName(exitCode)}` }
  return { status: exitCode ?? 128, stdout, stderr }
}

/** As exec, for its output; undefined where the program is missing or says no. */
export async function ask(argv: readonly string[]): Promise<string | undefined> {
  const program = argv[0]
  if (program === undefined || !which(program)) return undefined
  const { status, stdout } = await exec({ argv })
  return status === 0 ? stdout.trim() : undefined
}
