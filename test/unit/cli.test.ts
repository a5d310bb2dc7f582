import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { describedCommands } from '../../scripts/cli/described.ts'
import { program } from '../../scripts/cli/program.ts'
import { home } from '../../scripts/home.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { exec } from '../../scripts/run/exec.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { bundledCli } from '../support/bundled.ts'
import { Tree } from '../support/tree.ts'

const bundle = await bundledCli()
const cli = (...words: string[]) => exec({ argv: [process.execPath, bundle, ...words], cwd: home })

const commands = describedCommands(program())

test('help fits a screen, and begins with what one types', async () => {
  for (const command of [program(), ...commands]) {
    const lines = command.helpInformation().trimEnd().split('\n')
    // The prompt has the last line.
    assert.ok(lines.length <= 23, `${command.name()}: ${lines.length} lines`)
    for (const line of lines) assert.ok(line.length <= 80, line)
    assert.match(lines.slice(1, 5).join('\n'), /^Examples:\n {2}(sudo )?vmmci-dkms /m)
  }
  const { status, stdout } = await cli('check', '--help')
  assert.deepEqual([status, stdout.startsWith('vmmci-dkms check: ')], [0, true])
})

test('kmod-pack begins with a manifest, and fits a screen, too', async () => {
  const tree = new Tree()
  tree.link('/kmod-pack', bundle)
  const { stdout } = await exec({ argv: [process.execPath, tree.at('/kmod-pack'), '--help'] })
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.length <= 23, `${lines.length} lines`)
  for (const line of lines) assert.ok(line.length <= 80, line)
  assert.match(stdout, /^Examples:\n {2}kmod-pack import dkms\.conf/m)
  assert.match(stdout, /^ {2}init /m)
  assert.doesNotMatch(stdout, /vmmci/)
})

test('an example has options that its command knows', () => {
  for (const { described, options } of commands)
    for (const [line] of described.examples) {
      const known = options.flatMap(({ long, short }) => [long, short])
      assert.match(line, new RegExp(`^(sudo )?vmmci-dkms ${described.name}\\b`))
      for (const [flag] of line.matchAll(/(?<= )--?[a-z][\w-]*/g))
        assert.ok(known.includes(flag), `${line}: ${flag}`)
    }
})

test('a word of a command takes the options that it uses, and no others', async () => {
  for (const { name, what = [], only = {} } of commands.map(({ described }) => described)) {
    const known = commands.find((command) => command.name() === name)?.options ?? []
    const names = known.map((option) => option.attributeName())
    for (const key of Object.keys(only)) assert.ok(names.includes(key), `${name}: ${key}`)
    for (const option of known)
      for (const word of what) {
        const all = program()
        for (const command of describedCommands(all)) command.action(() => {})
        const typed = [name, word, String(option.long), ...(option.required ? ['x'] : [])]
        const parsed = all.parseAsync(typed, { from: 'user' })
        if ((only[option.attributeName()] ?? what).includes(word)) await parsed
        else
          await assert.rejects(
            parsed,
            new RegExp(`^Failure: ${name} ${word} does not take ${option.long}`),
          )
      }
  }
})

for (const words of [
  ['build', '--kernel', '6.1.0', '--all-kernels'],
  ['install', '--quiet', '--verbose'],
  ['smoke', '--tap', '--json'],
  ['status', '--format', 'openmetrics', '--json'],
  ['package', 'deb', '--stage', 'x', '--out', 'y'],
])
  test(`of ${words.join(' ')} one would be ignored, and it is refused`, async () => {
    const { status, stdout, stderr } = await cli(...words)
    assert.equal(status, exitStatus.usage)
    assert.match(stdout + stderr, /[Oo]ption '.*' cannot be used with option '/)
  })

test('the version is package.json’s', async () => {
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  assert.match((await cli('--version')).stdout, new RegExp(`^vmmci-dkms ${version}\n`))
})

test('init writes a manifest that loads, and tells what it took without asking', async () => {
  const tree = new Tree({
    '/m/Makefile': 'obj-m := m.o\n',
    '/m/m.c': 'MODULE_LICENSE("Dual MIT/GPL");\nMODULE_DESCRIPTION("A thing");\n',
  })
  const init = (mail: string) =>
    exec({
      argv: [process.execPath, bundle, 'init', '--yes'],
      cwd: tree.at('/m'),
      env: {
        HOME: tree.root,
        ...{ GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'A B' },
        ...{ GIT_CONFIG_KEY_1: 'user.email', GIT_CONFIG_VALUE_1: mail },
      },
    })
  const refused = await init('')
  assert.equal(refused.status, exitStatus.usage)
  assert.match(refused.stderr, /Maintainer.*cannot be found out[\s\S]*try: git config/)
  const { status, stdout, stderr } = await init('a@b')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^What it is, in a line: thing$/m)
  assert.match(stdout, /^Version: 0\.1$/m)
  const { package: about, version, modules } = loadManifest(tree.at('/m/manifest.json'))
  assert.deepEqual(
    [about.maintainer, about.license, version, modules],
    ['A B <a@b>', 'MIT OR GPL-2.0-only', '0.1', [{ name: 'm' }]],
  )
})

const mistyped: [string[], string][] = [
  [['instal'], 'vmmci-dkms install'],
  [['status', '--jsn'], 'vmmci-dkms status --json'],
  [['keys', 'shwo', '--quiet'], 'vmmci-dkms keys show --quiet'],
  [['build', '--qqqqqqqq'], 'vmmci-dkms build --help'],
  [['qqqqqqqq'], 'vmmci-dkms --help'],
  [['--manifest', '/a b', 'check', '--json=x'], "vmmci-dkms check --manifest '/a b' --json=x"],
  [['statsu', '--manifest=/m.json', '-q'], 'vmmci-dkms status --manifest /m.json -q'],
  [['--qqqqqqqq', 'x'], 'vmmci-dkms --help'],
  [['check', 'x'], 'vmmci-dkms check --help'],
]

for (const [words, right] of mistyped)
  test(`${words.join(' ')} is answered with ${right}`, async () => {
    const { status, stderr } = await cli(...words)
    assert.equal(status, exitStatus.usage)
    const [said, mend] = stderr.split('\n')
    assert.match(said ?? '', /^vmmci-dkms: .*\.$/)
    // Its name is not on the PATH here.
    assert.equal(
      mend,
      `  try: ${right.replace('vmmci-dkms', bundle.replace('cli.js', 'entry.cjs'))}`,
    )
  })

const failures: [string[], keyof typeof exitStatus][] = [
  [['unheard-of'], 'usage'],
  [['build', '--unheard-of'], 'usage'],
  [['build', '--kernel', '6.1.0; touch /tmp/vmmci-was-here'], 'kernel'],
  [['build', '--kernel', '../../../etc'], 'kernel'],
  [['build', '--kernel', '3.10.0-old'], 'kernel'],
  [['install', '--dry-run', '--kernel', '6.99.0-nobody-has-this'], 'kernel'],
  [['package', 'deb', '--all-kernels'], 'usage'],
  [['render', '--manifest', '/nowhere/manifest.json'], 'manifest'],
]

for (const [words, kind] of failures)
  test(`${words.join(' ')} exits with the status of ${kind}`, async () => {
    const { status, stdout, stderr } = await cli(...words)
    assert.equal(status, exitStatus[kind], stderr)
    assert.equal(stdout, '')
    assert.ok(!existsSync('/tmp/vmmci-was-here'))
  })

test('a failure says one sentence and what mends it', async () => {
  const { stderr } = await cli('build', '--kernel', '6.99.0-none')
  assert.equal(stderr, 'vmmci-dkms: Kernel 6.99.0-none is not installed.\n  try: ls /lib/modules\n')
})

test('--json prints one document, also for a failure', async () => {
  assert.equal(JSON.parse((await cli('status', '--json')).stdout).package, 'vmmci-dkms')
  const usage = JSON.parse((await cli('build', '--json', '--qqq')).stdout)
  assert.equal(usage.error.kind, 'usage')
  const { error } = JSON.parse((await cli('build', '--json', '--kernel', 'x')).stdout)
  assert.deepEqual([error.kind, error.status], ['kernel', exitStatus.kernel])
})

test('a manifest with mistakes is told with all of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
  try {
    writeFileSync(join(folder, 'manifest.json'), '{ "package": {}, "moduels": [] }')
    const { status, stderr } = await cli('render', '--manifest', join(folder, 'manifest.json'))
    assert.equal(status, exitStatus.manifest)
    assert.match(stderr, /did you mean "modules"/)
    assert.match(stderr, /must have required property 'name'/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
