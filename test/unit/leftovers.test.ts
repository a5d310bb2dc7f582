import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import { chronyLeftovers } from '../../scripts/install/chrony-leftovers.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { judgeClockSource, readClockSource } from '../../scripts/system/clock-source.ts'

/** An empty root, for as long as a test runs. */
function newRoot(t: { after: (undo: () => void) => void }): string {
  const root = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
  t.after(() => rmSync(root, { recursive: true }))
  return root
}

function put(root: string, path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

test('what chrony was told is found after chrony itself was purged', (t) => {
  const root = newRoot(t)
  const project = loadManifest(ownManifest)
  assert.deepEqual(chronyLeftovers(project, root), [])
  put(root, '/etc/chrony/conf.d/vmmci-dkms.conf')
  put(root, '/etc/chrony/conf.d/other.conf')
  put(root, '/etc/systemd/system/chrony.service.d/vmmci-dkms.conf')
  assert.deepEqual(chronyLeftovers(project, root), [
    '/etc/chrony/conf.d/vmmci-dkms.conf',
    '/etc/systemd/system/chrony.service.d/vmmci-dkms.conf',
  ])
})

for (const [name, isGood, says] of [
  ['kvm-clock', true, /does not drift/],
  ['tsc', true, /millionths/],
  ['refined-jiffies', false, /tsc_early_khz=/],
  ['jiffies', false, /seconds an hour/],
  ['acpi_pm', true, /^acpi_pm$/],
] as const)
  test(`the clock source ${name} is ${isGood ? 'good' : 'bad'}`, () => {
    const source = judgeClockSource(name)
    assert.equal(source.isGood, isGood)
    assert.match(source.message, says)
  })

test('the clock source is read from sysfs', (t) => {
  const root = newRoot(t)
  assert.equal(readClockSource(root), undefined)
  put(root, '/sys/devices/system/clocksource/clocksource0/current_clocksource', 'tsc\n')
  assert.equal(readClockSource(root)?.name, 'tsc')
})
