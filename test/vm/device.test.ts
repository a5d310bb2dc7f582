import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { Root } from '../support/roots.ts'

/** What a target of test/vmd/Makefile says, without QEMU. */
async function make(target: string): Promise<string> {
  await using root = await Root.of('qemu')
  for (const folder of ['test/vmd', 'kmod'])
    cpSync(join(home, folder), join(root.folder, folder), { recursive: true })
  const words = ['make', '-s', '-C', '/test/vmd', 'OUT=/tmp', target]
  const { status, stdout, stderr } = await root.run(words)
  assert.equal(status, 0, `${stdout}${stderr}`)
  return stdout
}

test('the device does what VMD.md says, under the sanitizers', async () => {
  await make('check')
})

test("the device answers as vmd's own code did, step by step", async () => {
  assert.equal(await make('replay'), '1500 virtual machines, 17942 steps, 0 different\n')
})

test("the driver's code for commands loses none, whatever comes at any access", async () => {
  assert.match(await make('race'), / 0 orders that lost one\n$/)
})
