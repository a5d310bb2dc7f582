import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { bundledCli } from '../support/bundled.ts'

const program = await bundledCli()
const cli = (...words: string[]) => exec({ argv: [process.execPath, program, ...words], cwd: home })

/** All commands, in the words of the help itself: nobody has to add a new one here. */
async function commands(): Promise<string[]> {
  const { stdout } = await cli('--help')
  const [, list = ''] = stdout.split('Commands:\n')
  return [...list.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1] as string)
}

test('each command has help that fits a screen, with an example', async () => {
  const files = readdirSync(join(home, 'scripts/commands'))
  const names = await commands()
  assert.ok(names.length >= files.length - 2, `${names.length} of ${files.length}`)
  for (const name of names) {
    const { status, stdout } = await cli(name, '--help')
    const lines = stdout.split('\n')
    assert.equal(status, 0)
    assert.ok(lines.length <= 24, `${name}: ${lines.length} lines`)
    for (const line of lines) assert.ok(line.length <= 80, `${name}: ${line}`)
    assert.match(stdout, name === 'help' ? /^Usage: / : /Example:\n {2}vmmci-dkms /, name)
  }
})

test('the version is package.json’s', async () => {
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  assert.equal((await cli('--version')).stdout.trim(), version)
})

const failures: [string[], keyof typeof exitStatus][] = [
  [['unheard-of'], 'usage'],
  [['build', '--unheard-of'], 'usage'],
  [['build', '--kernel', '6.1.0; touch /tmp/vmmci-was-here'], 'kernel'],
  [['build', '--kernel', '../../../etc'], 'kernel'],
  [['build', '--kernel', '3.10.0-old'], 'kernel'],
  [['install', '--dry-run', '--kernel', '6.99.0-nobody-has-this'], 'kernel'],
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

test('every exit status is in the README', () => {
  const readme = readFileSync(join(home, 'README.md'), 'utf8')
  for (const [kind, status] of Object.entries(exitStatus))
    assert.match(readme, new RegExp(`^\\| ${status} +\\| ${kind} +\\|`, 'm'))
})
