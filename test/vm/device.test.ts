import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { Root } from '../support/roots.ts'

test('the device does what VMD.md says, under the sanitizers', async () => {
  await using root = await Root.of('qemu')
  cpSync(join(home, 'test/vmd'), join(root.folder, 'vmd'), { recursive: true })
  const { status, stdout, stderr } = await root.run([
    'make',
    '-s',
    '-C',
    '/vmd',
    'OUT=/tmp',
    'check',
  ])
  assert.equal(status, 0, `${stdout}${stderr}`)
})
