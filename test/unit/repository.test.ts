import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { architecturesOf } from '../../scripts/package/repository.ts'
import { theirManifest } from '../support/somebody.ts'

test('a repository has an index for each machine that a package is for, as dpkg calls it', () => {
  const named = loadManifest(
    theirManifest({ kernel: { architectures: ['x86_64', 'i686', 'aarch64'] } }),
  )
  assert.deepEqual(architecturesOf(named), ['amd64', 'i386', 'arm64'])
  assert.deepEqual(architecturesOf(loadManifest(theirManifest())), [
    ...['amd64', 'i386', 'arm64', 'armhf', 'ppc64el', 'riscv64', 's390x'],
  ])
})
