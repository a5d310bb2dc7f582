import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Root } from '../support/roots.ts'

test('every file says whose it is and under which licence: reuse lint', async () => {
  await using root = await Root.of('trixie')
  root.addCheckout('src')
  await root.sh(`
    apt-get update -q && apt-get install -y -q --no-install-recommends reuse git
    cd /src && git init -q && git add .`)
  assert.match(await root.sh('cd /src && reuse lint'), /is compliant with version 3/)
  await root.sh("echo '// SPDX-License-Identifier: MIT' >/src/kmod/nobody.c; git -C /src add .")
  assert.notEqual((await root.run(['reuse', '--root', '/src', 'lint'])).status, 0)
})
