import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { packedPackage, Root } from '../support/roots.ts'

/** What is asked, some of it in vain, and says what to try. */
const asked = [
  'instal',
  'keys shwo',
  'install --kernel 6.99.0-nobody',
  'check',
  'smoke',
  'sign',
  'package repo',
  'package repo --sign nobody',
]

const triesIn = (text: string) =>
  [...text.matchAll(/^\s*try: (.*)$/gm)].map(([, line = '']) => line)

/** Asks by `word`, and runs every command of ours that is to be tried, and `after` it; all of those. */
async function pasted(root: Root, word: string, after = 'true'): Promise<string[]> {
  const shown: string[] = []
  const run = (line: string) => root.run(['sh', '-c', `cd /root; ${line} 2>&1`])
  for (const words of asked) {
    const { stdout } = await run(`${word} ${words}`)
    for (const line of triesIn(stdout)) {
      const [program = ''] = line.replace(/^sudo /, '').split(' ')
      if (!program.includes('vmmci')) continue
      shown.push(line)
      const { status, stdout: said } = await run(`${line} </dev/null`)
      await root.sh(after)
      assert.ok(![126, 127, exitStatus.usage].includes(status), `${words}: ${line}: ${said}`)
    }
  }
  return shown
}

test('what is to be tried works as it is shown: by npx, and by name once it is installed', async () => {
  await using root = await Root.of('dkms')
  await root.copyIn(await packedPackage(), '/root/vmmci-dkms.tgz')
  const npx = 'npx --yes ./vmmci-dkms.tgz'
  const before = await pasted(
    root,
    npx,
    'rm -rf /usr/local/bin/vmmci-dkms /usr/local/lib/vmmci-dkms',
  )
  assert.ok(before.length >= 3, before.join('\n'))
  for (const line of before) assert.match(line, /^\/root\/\.npm\//)

  const said = await root.sh(`cd /root && ${npx} install --yes --no-prereqs`)
  assert.match(said, /^To see whether it works: vmmci-dkms smoke$/m)
  await root.sh('rm -r /root/.npm')
  const after = await pasted(root, 'vmmci-dkms')
  assert.ok(after.length >= 3, after.join('\n'))
  for (const line of after) assert.match(line, /^vmmci-dkms /)

  // A package of the command that came later would never be found.
  await root.sh('ln -s /bin/echo /usr/bin/vmmci-dkms')
  const check = (await root.run(['vmmci-dkms', 'check'])).stdout
  assert.match(check, /note {2}command .*\/usr\/local\/bin\/vmmci-dkms, .* hides\s+\/usr\/bin/)
  const mends = triesIn(check).filter((line) => line.includes('/usr/local'))
  assert.equal(await root.sh(`${mends.join('\n')}\nhash -r; vmmci-dkms found`), 'found\n')
})

test("another's command of this name stays, by install and by uninstall", async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh('echo "echo mine" > /usr/local/bin/vmmci-dkms; chmod +x /usr/local/bin/vmmci-dkms')
  const { status, stdout } = await root.cli('install', '--yes', '--no-prereqs')
  assert.equal(status, 0)
  assert.match(stdout, /: \/opt\/vmmci\/dist\/entry\.cjs smoke$/m)
  assert.equal((await root.cli('uninstall', '--yes')).status, 0)
  assert.equal(await root.sh('vmmci-dkms'), 'mine\n')
  assert.equal((await root.run(['ls', join('/usr/local/lib/vmmci-dkms')])).status, 2)
})
