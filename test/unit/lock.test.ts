import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { checkWritable } from '../../scripts/check/system.ts'
import { alone, rootLock } from '../../scripts/run/lock.ts'

/** Runs `work` where a folder is read-only, to who opens files there or asks. */
async function withReadOnly(folder: string, work: () => unknown): Promise<void> {
  const { openSync, accessSync } = fs
  const refuse = (path: fs.PathLike) => {
    if (!`${path}/`.startsWith(`${folder}/`)) return
    throw Object.assign(new Error(`EROFS: ${path}`), { code: 'EROFS', path })
  }
  fs.openSync = (...words) => refuse(words[0]) ?? openSync(...words)
  fs.accessSync = (...words) => refuse(words[0]) ?? accessSync(...words)
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    Object.assign(fs, { openSync, accessSync })
    syncBuiltinESMExports()
  }
}

test('where no lock can be made the machine is at fault, not who called', () =>
  withReadOnly('/run', () =>
    assert.rejects(
      alone('x', rootLock('x'), assert.fail, async () => assert.fail()),
      { kind: 'platform', message: '/run is read-only here.', more: { mend: 'findmnt -T /run' } },
    ),
  ))

test('a folder that is read-only is found before anything is begun', async () => {
  for (const folder of ['/usr/src', '/etc', '/run'])
    await withReadOnly(folder, () =>
      assert.deepEqual(checkWritable(), {
        what: 'folders',
        level: 'fail',
        kind: 'platform',
        message: `${folder} is read-only here.`,
        mend: `findmnt -T ${folder}`,
      }),
    )
})
