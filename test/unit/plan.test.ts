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
  everyKernel: '/x/every-kernel',
  sources: [
    { path: '/usr/src/m-1.0.0/Kbuild', from: '/here/Kbuild' },
    { path: '/usr/src/m-1.0.0/a.c', from: '/here/a.c' },
    { path: '/usr/src/m-1.0.0/dkms.conf', text: "NAME='m'\n" },
  ],
  releases: ['6.1'],
  lacking: ['6.1'],
  otherVersions: [],
  strays: [],
  rivals: [],
  config: [],
  load: false,
  unload: [],
}

const whole = { ...fresh, sources: [], lacking: [] }

const commandsOf = (steps: { commands?: readonly { argv: readonly string[] }[] }[]) =>
  steps.flatMap((step) => (step.commands ?? []).map((command) => command.argv.join(' ')))

test('a first installation writes the sources, and has a kernel exchange its modules', () => {
  assert.deepEqual(commandsOf(planInstall(fresh)), [
    'rm -rf /usr/src/m-1.0.0',
    'install -d -m 755 /usr/src/m-1.0.0',
    'install -m 644 -t /usr/src/m-1.0.0 /here/Kbuild /here/a.c',
    'dd status=none of=/usr/src/m-1.0.0/dkms.conf',
    'chmod 644 /usr/src/m-1.0.0/dkms.conf',
    '/x/every-kernel install m 1.0.0 6.1',
  ])
})

test('what is installed already needs nothing', () => {
  assert.deepEqual(planInstall(whole), [])
})

test('another package of the same modules goes first, by dkms', () => {
  const rivals = [{ name: 'n', version: '0.1' }]
  const commands = commandsOf(planInstall({ ...fresh, rivals }))
  assert.equal(commands[0], 'dkms remove -m n -v 0.1 --all')
  assert.equal(commands.at(-1), '/x/every-kernel install m 1.0.0 6.1')
})

test('only kernels that lack it are built for', () => {
  assert.deepEqual(
    commandsOf(planInstall({ ...whole, releases: ['6.1', '7.3'], lacking: ['7.3'] })),
    ['/x/every-kernel install m 1.0.0 7.3'],
  )
})

test('an older version goes even where no kernel lacks this one', () => {
  assert.deepEqual(commandsOf(planInstall({ ...whole, otherVersions: ['0.9.0'] })), [
    '/x/every-kernel install m 1.0.0 6.1',
  ])
})

test('a removal from one of several kernels leaves what is for all', () => {
  const input = {
    name: 'm',
    everyKernel: '/x/every-kernel',
    versions: ['1.0.0'],
    releases: ['6.1'],
    isLast: false,
    modules: [],
    paths: ['/usr/src/m-1.0.0'],
    folders: [],
    loaded: [],
  }
  assert.deepEqual(commandsOf(planUninstall(input)), ['/x/every-kernel remove m 6.1'])
  assert.deepEqual(commandsOf(planUninstall({ ...input, isLast: true })), [
    '/x/every-kernel remove m',
    'rm -rf /usr/src/m-1.0.0',
  ])
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
      everyKernel: '/x/every-kernel',
      versions: [],
      releases: [],
      isLast: true,
      modules: [],
      paths: [],
      folders: [],
      loaded: [],
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
  assert.equal(show({ argv: ['tee', '/a'], input: "it's\n" }), "printf %s 'it'\\''s\n' | tee /a")
  assert.equal(show({ argv: ['make', 'M=/a b'], cwd: '/x y' }), "cd '/x y' && make 'M=/a b'")
})
