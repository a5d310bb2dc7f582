import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'
import { ownScript } from '../../scripts/run/own-script.ts'
import { typedWord } from '../../scripts/run/typed.ts'

const work = mkdtempSync(join(tmpdir(), 'typed-'))
after(() => rmSync(work, { recursive: true }))

const entry = join(work, 'entry.cjs')
writeFileSync(entry, '')

/** The word for the program at `entry`, with a folder on the PATH that has what `put` puts there. */
function wordWith(put: (file: string) => void, folder = 'bin', env: NodeJS.ProcessEnv = {}) {
  const before = { ...process.env }
  const place = mkdtempSync(join(work, 'p-'))
  mkdirSync(join(place, folder), { recursive: true })
  put(join(place, folder, 'theirs'))
  Object.assign(process.env, { npm_command: 'test' }, env, { PATH: join(place, folder) })
  try {
    return typedWord('theirs', entry)
  } finally {
    process.env = before
  }
}

test('a program goes by its name where the PATH leads to it', () => {
  assert.equal(
    wordWith((file) => symlinkSync(entry, file)),
    'theirs',
  )
  assert.equal(
    wordWith((file) => writeFileSync(file, ownScript('/usr/local/lib/theirs/dist/entry.cjs'))),
    'theirs',
  )
})

test('and by its path where that is another program, or npx has put it there for one run', () => {
  const other = (file: string) => writeFileSync(file, '#!/bin/sh\n')
  assert.equal(wordWith(other), entry)
  assert.equal(
    wordWith(() => {}),
    entry,
  )
  assert.equal(
    wordWith((file) => symlinkSync(entry, file), 'node_modules/.bin'),
    entry,
  )
})

test('in its own checkout npx finds it', () => {
  const npx = { npm_command: 'exec', npm_config_local_prefix: home }
  assert.equal(
    wordWith(() => {}, 'bin', npx),
    'npx theirs',
  )
  assert.equal(
    wordWith(() => {}, 'bin', { ...npx, npm_config_local_prefix: '/elsewhere' }),
    entry,
  )
})

test('the script runs a program with the words that it gets', async () => {
  const script = join(work, 'script')
  const says = join(work, "it's here.cjs")
  writeFileSync(says, 'console.log(JSON.stringify(process.argv.slice(2)))')
  writeFileSync(script, ownScript(says))
  chmodSync(script, 0o755)
  assert.equal((await exec({ argv: [script, 'a b', '$c'] })).stdout, '["a b","$c"]\n')
})
