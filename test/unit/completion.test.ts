import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completion, type Shell, shells } from '../../scripts/cli/completion.ts'
import { program } from '../../scripts/cli/program.ts'
import { exec, which } from '../../scripts/run/exec.ts'

const script = (shell: Shell) => completion(shell, program())

/** What a real bash offers for the last of the words. */
async function offered(...words: string[]): Promise<string[]> {
  const run = `${script('bash')}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _vmmci_dkms; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout } = await exec({
    argv: ['bash', '-euc', run, '-', 'vmmci-dkms', ...words],
  })
  assert.equal(status, 0)
  return stdout.trim().split('\n')
}

test('bash completes commands, options and words', async () => {
  assert.deepEqual(await offered('ins'), ['install'])
  assert.deepEqual(await offered('check', '--al'), ['--all-kernels'])
  assert.deepEqual((await offered('keys', '')).slice(0, 3), ['show', 'new', 'enroll'])
  assert.deepEqual(await offered('status', '--chr'), [''])
  assert.deepEqual(await offered('render', '--out', '/et'), [''])
})

for (const shell of shells)
  test(`${shell} reads its script`, { skip: !which(shell) && `no ${shell} here` }, async () => {
    const { status, stderr } = await exec({ argv: [shell, '-n', '-c', script(shell)] })
    assert.equal(status, 0, stderr)
  })
