#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { CommonOptions } from './commands/options.ts'
import { exitStatus, Failure } from './run/failure.ts'

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as {
  version: string
}

const collect = (value: string, list: string[] = []) => [...list, value]

function above0(value: string): number {
  if (!(Number(value) > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return Number(value)
}

function add(program: Command, name: string, summary: string, example: string): Command {
  return program
    .command(name)
    .description(summary)
    .option('--kernel <release>', 'a kernel to do it for; can be repeated', collect)
    .option('--all-kernels', 'every installed kernel that has headers')
    .option('--manifest <file>', "another module's manifest")
    .option('--json', 'one JSON document on stdout')
    .option('--dry-run', 'show the commands, change nothing')
    .option('-y, --yes', 'do not ask')
    .option('-v, --verbose', 'show what the commands print')
    .option('-q, --quiet', 'only errors')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .allowExcessArguments(false)
}

function declare(): Command {
  const program = new Command('vmmci-dkms')
    .description("OpenBSD's vmmci(4) for Linux guests: build, install and look after its modules")
    .version(version)
    .configureHelp({ helpWidth: 80 })
    .exitOverride()
    .showHelpAfterError('(vmmci-dkms --help shows what there is)')

  add(
    program,
    'check',
    'what stands in the way of a build',
    'vmmci-dkms check --all-kernels',
  ).action(async (options: CommonOptions) => (await import('./commands/check.ts')).check(options))
  add(program, 'render', 'print dkms.conf', 'vmmci-dkms render --out dkms.conf')
    .option('--out <file>', 'write it there')
    .action(async (options) => (await import('./commands/render.ts')).render(options))
  add(
    program,
    'build',
    'build the modules, into build/RELEASE',
    'vmmci-dkms build --all-kernels --out /tmp/modules',
  )
    .option('--out <dir>', 'another folder than build')
    .addOption(new Option('--make-arg <word>', 'hand a word to make').argParser(collect))
    .action(async (options) => (await import('./commands/build.ts')).build(options))
  add(program, 'install', 'build and install by dkms, and load', 'vmmci-dkms install --yes')
    .option('--no-prereqs', 'do not install packages that are needed')
    .option('--chrony', "let chrony follow the host's clock")
    .action(async (options) => (await import('./commands/install.ts')).install(options))
  add(
    program,
    'uninstall',
    'remove all that install brought',
    'vmmci-dkms uninstall --dry-run',
  ).action(async (options: CommonOptions) =>
    (await import('./commands/uninstall.ts')).uninstall(options),
  )
  add(program, 'status', 'device, drivers, kernels and clock', 'vmmci-dkms status --json').action(
    async (options: CommonOptions) => (await import('./commands/status.ts')).status(options),
  )
  add(
    program,
    'watch',
    'the clock against the host, as it goes',
    'vmmci-dkms watch --plot clock.svg',
  )
    .option('--interval <seconds>', 'between two measurements (default 2)', above0)
    .option('--count <n>', 'measure so many times (default until Ctrl-C)', above0)
    .option('--plot <file>', 'at the end, a picture of it as SVG')
    .action(async (options) => (await import('./commands/watch.ts')).watch(options))
  add(program, 'smoke', 'does it work in this machine', 'vmmci-dkms smoke --tap')
    .option('--tap', 'Test Anything Protocol')
    .option('--interactive', 'also walk through what is done on the host, vmctl stop at the end')
    .action(async (options) => (await import('./commands/smoke.ts')).smoke(options))
  add(program, 'sign', 'sign the modules, and check it', 'vmmci-dkms sign --all-kernels')
    .option('--key <file>', 'this private key, or a pkcs11: URI')
    .option('--cert <file>', 'and this certificate')
    .option('--out <dir>', 'what build made there, not what is installed')
    .action(async (options) => (await import('./commands/sign.ts')).sign(options))
  const keys = add(program, 'keys', 'keys for signing: show, new, enroll', 'vmmci-dkms keys show')
  keys
    .addArgument(new Argument('<what>').choices(['show', 'new', 'enroll']))
    .option('--key <file>', 'this private key, or a pkcs11: URI')
    .option('--cert <file>', 'and this certificate')
    .option('--passphrase', 'new: with the passphrase in KBUILD_SIGN_PIN')
    .action(async (what: 'show' | 'new' | 'enroll', options) => {
      const { showKeys, makeKey, enrollKey } = await import('./commands/keys.ts')
      await { show: showKeys, new: makeKey, enroll: enrollKey }[what](options)
    })
  const pack = add(
    program,
    'package',
    'packages of any distribution',
    'vmmci-dkms package deb --out /tmp',
  )
  // It never asks, so that its help need not say how to answer.
  for (const option of pack.options) if (option.long === '--yes') option.hideHelp()
  pack
    .addArgument(new Argument('<what>').choices(['deb', 'rpm', 'arch', 'alpine', 'all', 'repo']))
    .option('--out <dir>', 'another folder than build/packages (for repo: build/repo)')
    .option('--binary', "one kernel's built modules, for guests without a compiler")
    .option('--key <file>', 'sign the modules with this private key')
    .option('--cert <file>', 'and this certificate')
    .option('--sign <key>', 'sign the packages with this key of gpg')
    .option('--from <dir>', 'repo: another folder of packages than build/packages')
    .option('--url <address>', 'repo: where it will be served')
    .action(async (what: string, options) =>
      what === 'repo'
        ? (await import('./commands/repo.ts')).makeRepository(options)
        : (await import('./commands/package.ts')).makePackages(what, options),
    )
  return program
}

/** A failure as people and scripts get it: one sentence, what was said, what mends it. */
function report(failure: Failure, json: boolean): void {
  const { message, kind, status } = failure
  const { mend, details = [] } = failure.more
  if (json) {
    const error = { kind, status, message, mend: mend ?? null, details }
    process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`)
    return
  }
  for (const line of details) process.stderr.write(`  ${line}\n`)
  process.stderr.write(`vmmci-dkms: ${message}\n${mend ? `  try: ${mend}\n` : ''}`)
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC') return new Failure('space', 'There is no space left.', { mend: 'df -h' })
  if (code === 'EACCES' || code === 'EPERM')
    return new Failure('privilege', (error as Error).message, { mend: 'sudo npx vmmci-dkms' })
  return new Failure('internal', `This is a bug: ${(error as Error).stack ?? String(error)}`)
}

/** The only place that decides how the process ends. */
async function main(argv: string[]): Promise<void> {
  try {
    await declare().parseAsync(argv)
  } catch (error) {
    const code = (error as { code?: string }).code ?? ''
    if (code.startsWith('commander.')) {
      process.exitCode = (error as { exitCode: number }).exitCode === 0 ? 0 : exitStatus.usage
      return
    }
    const failure = asFailure(error)
    report(failure, argv.includes('--json'))
    process.exitCode = failure.status
  }
}

// Whoever reads us may go: what was begun is finished or undone all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

await main(process.argv)
