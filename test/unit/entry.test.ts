import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { transform } from 'esbuild'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { bundledCli } from '../support/bundled.ts'

const entry = join(dirname(await bundledCli()), 'entry.cjs')

/** Nothing of the text is newer than ES5: esbuild has nothing to put into older words. */
const isOld = async (source: string) => {
  const [as5, asIs] = await Promise.all([
    transform(source, { target: 'es5', logLevel: 'silent' }),
    transform(source),
  ])
  return as5.code === asIs.code
}

test('the entry is in words that any node reads', async () => {
  assert.ok(await isOld(readFileSync(join(home, 'scripts/entry.cjs'), 'utf8')))
  assert.ok(!(await isOld('var next = (word) => word')))
})

/** Starts it in a node that says it is another one. */
const startedBy = (version: string) =>
  exec({
    argv: [
      process.execPath,
      ...[
        '-e',
        `Object.defineProperty(process.versions, 'node', { value: '${version}' })
process.argv.splice(1, 0, 'entry'); require(${JSON.stringify(entry)})`,
      ],
      'check',
      "--kernel=it's",
    ],
  })

for (const version of ['8.10.0', '12.22.12', '18.20.4', '20.18.3'])
  test(`node ${version} is answered with one sentence`, async () => {
    const { status, stdout, stderr } = await startedBy(version)
    assert.equal(status, exitStatus.toolchain)
    assert.equal(stdout, '')
    assert.match(stderr, /^vmmci-dkms: This is Node [\d.]+; 20\.19 or newer is needed\.\n {2}try: /)
    assert.match(stderr, /'check' '--kernel=it'\\''s'\n$/)
  })

test('node 20.19 starts the command', async () => {
  const { status, stdout } = await exec({ argv: [process.execPath, entry, '--version'] })
  assert.equal(status, 0)
  assert.match(stdout, /^vmmci-dkms \d/)
})

test('a folder that is gone is answered with one sentence', async () => {
  const script = 'cd "$1" && rmdir "$1" && exec "$2" "$3" check'
  const folder = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
  const { status, stderr } = await exec({
    argv: ['sh', '-c', script, 'sh', folder, process.execPath, entry],
  })
  assert.equal(status, exitStatus.usage)
  assert.match(stderr, /^vmmci-dkms: The folder .* is gone\.\n {2}try: cd\n$/)
})
