import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unsetFields } from '../../scripts/tools/publisher.ts'

const set = {
  author: 'Ada Lovelace <ada@example.org>',
  homepage: 'https://example.org',
  repository: { type: 'git', url: 'git+https://example.org/v.git' },
  bugs: { url: 'https://example.org/issues' },
}

const wrong: [object, string[]][] = [
  [{}, []],
  [{ author: 'The authors' }, ['author']],
  [{ author: 'A <a@users.noreply.github.com>' }, ['author']],
  [{ homepage: undefined, bugs: {} }, ['homepage', 'bugs']],
  [{ repository: 'github:a/b' }, ['repository']],
]

for (const [change, names] of wrong)
  test(`a package.json with ${JSON.stringify(change)} lacks ${names.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(unsetFields({ ...set, ...change }), names)
  })
