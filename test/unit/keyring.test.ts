import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionsIn } from '../../scripts/package/keyring.ts'
import { Tree } from '../support/tree.ts'

test('the newest keyring package is the last one, also after ten on a day', () => {
  const names = ['2026.11.26.10', '2026.11.26.9', '2026.11.26', '2026.2.1', '2026.11.26.1']
  const pool = new Tree(
    Object.fromEntries([
      ...names.map((version) => [`a+b-archive-keyring_${version}_all.deb`, '']),
      ['aab-archive-keyring_2027.1.1_all.deb', ''],
      ['a+b-archive-keyring_2027.1.1_all.deb.new', ''],
    ]),
  )
  assert.deepEqual(versionsIn(pool.root, 'a+b-archive-keyring'), [
    '2026.2.1',
    '2026.11.26',
    '2026.11.26.1',
    '2026.11.26.9',
    '2026.11.26.10',
  ])
})
