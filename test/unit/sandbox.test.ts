import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exec, isRoot } from '../../scripts/run/exec.ts'

const script = join(home, 'scripts/guest/run-in-sandbox')
const bare = '/usr/sbin:/usr/bin:/sbin:/bin'

// One as dkms has it, and one as build has it: below a folder that is only root's.
const above = [mkdtempSync('/var/tmp/sandbox-'), mkdtempSync('/tmp/sandbox-')]
after(() => {
  for (const at of above) rmSync(at, { recursive: true })
})

/** Runs a script of shell in a folder, by ours; what it said. */
async function run(shell: string, at: string, path = bare): Promise<[number, string]> {
  const folder = mkdtempSync(join(at, 'in-'))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'configure'), `#!/bin/sh\n${shell}\n`, { mode: 0o755 })
  const argv = [script, './configure', 'a b']
  const { status, stdout } = await exec({ argv, cwd: folder, env: { PATH: path } })
  assert.equal(statSync(join(folder, 'configure')).uid, process.getuid?.())
  assert.equal(readFileSync(join(folder, 'made'), 'utf8'), 'a b\n')
  return [status, stdout]
}

const make = 'echo "$1" > made'

test('without bubblewrap a configure step runs as it is', async () => {
  // A PATH that has all but bwrap.
  const path = mkdtempSync(join(above[1] as string, 'path-'))
  const { stdout } = await exec({
    argv: ['sh', '-c', `cd ${path} && for f in sh id chown; do ln -s "$(command -v $f)" .; done`],
  })
  assert.equal(stdout, '')
  assert.deepEqual(await run(`${make}; exit 3`, above[1] as string, path), [3, ''])
})

/** Whether there is a bubblewrap here, and it can. */
const can =
  isRoot() &&
  (await exec({ argv: ['bwrap', '--unshare-pid', '--unshare-net', '--ro-bind', '/', '/', 'true'] }))
    .status === 0

for (const at of above)
  test(`in ${at.replace(/sandbox.*/, '')} it is nobody, without a network, and writes there only`, {
    skip: !can && 'no bubblewrap that works here',
  }, async () => {
    chmodSync(at, at.startsWith('/tmp') ? 0o700 : 0o755)
    const asked = `id -u
[ -e "$PWD/configure" ] && echo here
touch /etc/planted /var/tmp/planted 2>/dev/null || echo kept out
cat /etc/shadow 2>/dev/null || echo not read
grep -c : /proc/net/dev
mktemp >/dev/null && echo room`
    assert.deepEqual(await run(`${make}\n${asked}\nexit 4`, at), [
      4,
      '65534\nhere\nkept out\nnot read\n1\nroom\n',
    ])
  })
