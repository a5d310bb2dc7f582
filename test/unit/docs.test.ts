import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { debianFiles } from '../../scripts/tools/debian.ts'
import { pages } from '../../scripts/tools/reference.ts'

for (const [path, text] of Object.entries({ ...pages, ...debianFiles() }))
  test(`${path} is fresh`, () => {
    const there = readFileSync(join(home, path), 'utf8')
    assert.ok(there === text, `${path} is not what the declarations say: npm run docs`)
  })
