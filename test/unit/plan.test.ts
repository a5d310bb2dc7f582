import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type InstallInput,
  planInstall,
  planLoad,
  planUninstall,
} from '../../scripts/install/plan.ts'
import { quote, show } from '../../scripts/run/exec.ts'
import { undoCommands } from '../../scripts/run/transaction.ts'

const fresh: InstallInput = {
  name: 'm',
  version: '1.0.0',
  modules: ['a', 'b'],
  staged: '/tmp/s',
  releases: ['6.1'],
  added: false,
  present: false,
  installed: [],
  otherVersions: [],
  strays: [],
  config: [],
  load: false,
  unload: [],
}

const commandsOf = (steps: { commands?: readonly { argv: readonly string[] }[] }[]) =>
  steps.flatMap((step) => (step.commands ?? []).map((command) => command.argv.join(' ')))

test('a first installation adds, builds and installs', () => {
  assert.deepEqual(commandsOf(planInstall(fresh)), [
    'rm -rf /usr/src/m-1.0.0',
    'cp -R /tmp/s /usr/src/m-1.0.0',
    'chown -R 0:0 /usr/src/m-1.0.0',
    'dkms add -m m -v 1.0.0',
    'dkms build -m m -v 1.0.0 -k 6.1',
    'dkms install -m m -v 1.0.0 -k 6.1 --force',
  ])
})

test('what is installed already needs nothing', () => {
  assert.deepEqual(planInstall({ ...fresh, present: true, added: true, installed: ['6.1'] }), [])
})

test('a second kernel is built without adding again', () => {
  const input = {
    ...fresh,
    present: true,
    added: true,
    installed: ['6.1'],
    releases: ['6.1', '7.3'],
  }
  assert.deepEqual(commandsOf(planInstall(input)), [
    'dkms build -m m -v 1.0.0 -k 7.3',
    'dkms install -m m -v 1.0.0 -k 7.3 --force',
  ])
})

test('an older version goes only when the new one is installed', () => {
  const commands = commandsOf(planInstall({ ...fresh, otherVersions: ['0.9.0'] }))
  const installed = commands.indexOf('dkms install -m m -v 1.0.0 -k 6.1 --force')
  assert.ok(installed >= 0 && commands.indexOf('dkms remove -m m -v 0.9.0 --all') > installed)
})

test('changed sources of the same version replace the entry', () => {
  assert.equal(
    commandsOf(planInstall({ ...fresh, present: true }))[0],
    'dkms remove -m m -v 1.0.0 --all',
  )
})

test('modules installed by hand go before dkms looks', () => {
  const commands = commandsOf(planInstall({ ...fresh, strays: ['/lib/modules/6.1/extra/a.ko'] }))
  const removed = commands.indexOf('rm -f /lib/modules/6.1/extra/a.ko')
  assert.ok(removed >= 0 && removed < commands.indexOf('dkms install -m m -v 1.0.0 -k 6.1 --force'))
})

test('loading unloads the old ones first, in the other order', () => {
  assert.deepEqual(commandsOf(planLoad({ ...fresh, load: true, unload: ['b', 'a'] })), [
    'modprobe -r b',
    'modprobe -r a',
    'modprobe a',
    'modprobe b',
  ])
})

test('a removal of nothing is nothing', () => {
  assert.deepEqual(
    planUninstall({
      name: 'm',
      versions: [],
      paths: [],
      folders: [],
      loaded: [],
      releases: ['6.1'],
    }),
    [],
  )
})

test('undoing removes what is new before it restores what was', () => {
  assert.deepEqual(
    undoCommands(['/usr/src/m-1'], ['/a/b', '/a'], '/tmp/before.tar', ['6.1']).map((c) =>
      c.argv.join(' '),
    ),
    [
      'rm -rf /usr/src/m-1',
      'rmdir /a/b',
      'rmdir /a',
      'tar -C / -xpf /tmp/before.tar',
      'depmod 6.1',
    ],
  )
})

const words: [string, string][] = [
  ['plain-1.0+x', 'plain-1.0+x'],
  ['two words', "'two words'"],
  ["it's", "'it'\\''s'"],
  ['$(reboot)', "'$(reboot)'"],
  ['~root', "'~root'"],
  ['', "''"],
]

for (const [word, quoted] of words)
  test(`the shell sees ${JSON.stringify(word)} as one word`, () => {
    assert.equal(quote(word), quoted)
  })

test('a shown command can be typed', () => {
  assert.equal(show({ argv: ['make', 'M=/a b'], cwd: '/x y' }), "cd '/x y' && make 'M=/a b'")
})
