import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { below, isInPlace, type NewFile, writeFiles } from '../../scripts/install/files.ts'
import {
  type InstallInput,
  planInstall,
  planLoad,
  planUninstall,
  type UninstallInput,
} from '../../scripts/install/plan.ts'
import { quote, show } from '../../scripts/run/exec.ts'
import { Output } from '../../scripts/run/output.ts'
import { runAnyway } from '../../scripts/run/steps.ts'
import { transaction, undoCommands } from '../../scripts/run/transaction.ts'
import { Tree } from '../support/tree.ts'

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
  programs: undefined,
  command: undefined,
  load: false,
  unload: [],
}

const whole = { ...fresh, sources: [], lacking: [] }

const commandsOf = (steps: { commands?: readonly { argv: readonly string[] }[] }[]) =>
  steps.flatMap((step) => (step.commands ?? []).map((command) => command.argv.join(' ')))

test('a first installation writes the sources, and has a kernel exchange its modules', () => {
  assert.deepEqual(commandsOf(planInstall(fresh)), [
    'rm -rf /usr/src/m-1.0.0',
    'install -D -m 644 -t /usr/src/m-1.0.0 /here/Kbuild /here/a.c',
    'install -D -m 644 /dev/null /usr/src/m-1.0.0/dkms.conf',
    'dd status=none of=/usr/src/m-1.0.0/dkms.conf',
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

test('the command is put on the PATH, and what another version of it had there goes', () => {
  const folder = '/usr/local/lib/m'
  const files = [{ path: `${folder}/package.json`, from: '/here/package.json' }]
  assert.deepEqual(commandsOf(planInstall({ ...whole, command: { folder, files } })), [
    `rm -rf ${folder}`,
    `install -D -m 644 -t ${folder} /here/package.json`,
  ])
})

test('programs are built before anything is changed, and put in place after the modules', () => {
  const programs = {
    folder: '/tmp/new',
    build: { title: 'Build', kind: 'build' as const, commands: [{ argv: ['/tmp/new/build'] }] },
    files: [{ path: '/usr/bin/ctl', from: '/tmp/new/ctl', executable: true }],
  }
  const commands = commandsOf(planInstall({ ...fresh, programs }))
  assert.equal(commands[0], '/tmp/new/build')
  assert.deepEqual(commands.slice(-3), [
    '/x/every-kernel install m 1.0.0 6.1',
    'install -D -m 755 /tmp/new/ctl /usr/bin/ctl',
    'rm -rf /tmp/new',
  ])
})

const rules = { path: '/usr/lib/udev/rules.d/60-m.rules', from: '/here/udev.rules' }

test('configuration is written last, and udev is told of its rules', () => {
  const conf = { path: '/etc/modprobe.d/m.conf', text: 'options a x=1\n' }
  const [step, ...more] = planInstall({ ...whole, config: [conf] })
  assert.deepEqual(more, [])
  assert.deepEqual(step, {
    title: 'Write configuration',
    kind: 'install',
    commands: [
      { argv: ['install', '-D', '-m', '644', '/dev/null', conf.path], root: true },
      {
        argv: ['dd', 'status=none', 'of=/etc/modprobe.d/m.conf'],
        root: true,
        input: 'options a x=1\n',
      },
    ],
  })
  assert.deepEqual(planInstall({ ...whole, config: [rules] }).at(-1)?.commands, [
    { argv: ['install', '-D', '-m', '644', rules.from, rules.path], root: true },
    { argv: ['udevadm', 'control', '--reload'], root: true, optional: true },
    {
      argv: ['udevadm', 'trigger', '--action=change', '--subsystem-match=ptp'],
      root: true,
      optional: true,
    },
  ])
})

test('what is done is said, and what its failure is called', () => {
  const steps = planInstall({ ...fresh, releases: ['6.1', '7.3'], lacking: ['6.1', '7.3'] })
  assert.deepEqual(
    steps.map(({ title, kind }) => [title, kind]),
    [
      ['Write the sources of m 1.0.0', 'dkms'],
      ['Build and install for 6.1, 7.3', 'build'],
    ],
  )
  for (const { commands } of steps) assert.ok(commands?.every(({ root }) => root))
})

const installed: UninstallInput = {
  name: 'm',
  everyKernel: '/x/every-kernel',
  versions: ['0.9.0', '1.0.0'],
  releases: ['6.1'],
  isLast: true,
  modules: [],
  paths: ['/usr/src/m-1.0.0', '/etc/modprobe.d/m.conf'],
  folders: ['/etc/dkms/framework.conf.d'],
  loaded: ['b', 'a'],
}

test('a removal unloads, has the kernels let go, and leaves no file', () => {
  assert.deepEqual(planUninstall(installed), [
    {
      title: 'Unload b a',
      kind: 'load',
      commands: [
        { argv: ['rmmod', 'b'], root: true, optional: true },
        { argv: ['rmmod', 'a'], root: true, optional: true },
      ],
    },
    {
      title: 'Remove m 0.9.0 1.0.0 from 6.1',
      kind: 'dkms',
      commands: [{ argv: ['/x/every-kernel', 'remove', 'm'], root: true }],
    },
    {
      title: 'Remove what is left',
      kind: 'install',
      commands: [
        { argv: ['rm', '-rf', '/usr/src/m-1.0.0', '/etc/modprobe.d/m.conf'], root: true },
        {
          argv: ['rmdir', '--ignore-fail-on-non-empty', '/etc/dkms/framework.conf.d'],
          root: true,
        },
      ],
    },
  ])
})

test('modules that dkms does not know go, and the module lists are made anew', () => {
  const modules = ['/lib/modules/6.1/extra/a.ko', '/lib/modules/7.3/extra/a.ko']
  const input = { ...installed, versions: [], loaded: [], paths: [], modules }
  assert.deepEqual(planUninstall({ ...input, releases: ['6.1', '7.3'] }), [
    {
      title: 'Remove modules that dkms does not know',
      kind: 'install',
      commands: [
        { argv: ['rm', '-f', ...modules], root: true },
        { argv: ['depmod', '6.1'], root: true },
        { argv: ['depmod', '7.3'], root: true },
      ],
    },
  ])
})

test('versions without a kernel, and kernels without a version, are removed as well', () => {
  const removal = (change: Partial<UninstallInput>) =>
    planUninstall({ ...installed, loaded: [], paths: [], ...change }).map(({ title }) => title)
  assert.deepEqual(removal({ releases: [] }), ['Remove m 0.9.0 1.0.0 from dkms'])
  assert.deepEqual(removal({ versions: [] }), ['Remove m from 6.1'])
  assert.deepEqual(removal({ versions: [], releases: [] }), [])
})

test('nothing is loaded where that was not asked for', () => {
  assert.deepEqual(planLoad({ ...fresh, unload: ['a'] }), [])
  const [step] = planLoad({ ...fresh, load: true })
  assert.deepEqual([step?.title, step?.kind], ['Load a b', 'load'])
  assert.ok(step?.commands?.every(({ root, optional }) => root && !optional))
})

test('files of a folder are copied together; others one by one, with their rights', () => {
  const files: NewFile[] = [
    { path: '/b/x', from: '/here/x' },
    { path: '/a/run', from: '/here/run', executable: true },
    { path: '/b/y', from: '/here/z' },
    { path: '/a/text', text: 'words', executable: true },
    { path: '/b/w', from: '/there/w' },
    { path: '/b/empty' },
  ]
  assert.deepEqual(
    writeFiles(files).map(({ argv, input }) => [argv.join(' '), input]),
    [
      ['install -D -m 644 -t /b /here/x /there/w', undefined],
      ['install -D -m 755 /here/run /a/run', undefined],
      ['install -D -m 644 /here/z /b/y', undefined],
      ['install -D -m 755 /dev/null /a/text', undefined],
      ['dd status=none of=/a/text', 'words'],
      ['install -D -m 644 /dev/null /b/empty', undefined],
      ['dd status=none of=/b/empty', ''],
    ],
  )
  assert.ok(writeFiles(files).every(({ root }) => root))
  assert.deepEqual(writeFiles([]), [])
  assert.deepEqual(below('/s', [{ path: '/a/x', text: '' }]), [{ path: '/s/a/x', text: '' }])
})

test('a file is in place with its content, for all to read', () => {
  const tree = new Tree({ '/x': 'words', '/from': 'words' })
  const path = tree.at('/x')
  chmodSync(path, 0o644)
  assert.equal(isInPlace({ path, text: 'words' }), true)
  assert.equal(isInPlace({ path, from: tree.at('/from') }), true)
  assert.equal(isInPlace({ path, text: 'other' }), false)
  assert.equal(isInPlace({ path }), false)
  assert.equal(isInPlace({ path, text: 'words', executable: true }), false)
  assert.equal(isInPlace({ path: tree.at('/none'), text: '' }), false)
  chmodSync(path, 0o755)
  assert.equal(isInPlace({ path, text: 'words', executable: true }), true)
  for (const mode of [0o640, 0o600]) {
    chmodSync(path, mode)
    assert.equal(isInPlace({ path, text: 'words' }), false)
  }
})

test('loading unloads the old ones first, in the other order', () => {
  assert.deepEqual(commandsOf(planLoad({ ...fresh, load: true, unload: ['b', 'a'] })), [
    'rmmod b',
    'rmmod a',
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

test('undoing goes on where what there is now cannot be read', async () => {
  let asked = 0
  const touched = () => {
    if (asked++ > 0) throw new Error('not readable')
    return { paths: [], releases: [] }
  }
  const work = () => Promise.reject(new Error('what failed'))
  await assert.rejects(transaction(touched, new Output({ quiet: true }), work), /what failed/)
  assert.equal(asked, 2)
})

test('undoing removes what is new before it restores what was', () => {
  assert.deepEqual(
    undoCommands(['/usr/src/m-1'], ['/a/b', '/a'], '/tmp/before.tar').map((c) => c.argv.join(' ')),
    ['rm -rf /usr/src/m-1', 'rmdir /a/b', 'rmdir /a', 'tar -C / -xpf /tmp/before.tar'],
  )
})

test('module lists that an undo cannot make are told of, and nothing else is kept for that', async () => {
  const tree = new Tree({ file: 'old' })
  const said: string[] = []
  const output = new Output({ quiet: true })
  output.warn = (line) => said.push(line)
  const touched = () => ({ paths: [tree.at('file')], releases: ['0.0-nobody'] })
  const { getuid } = process
  try {
    Object.assign(process, { getuid: () => 0 })
    const work = async () => {
      tree.put('file', 'new')
      throw new Error('what failed')
    }
    await assert.rejects(transaction(touched, output, work), /what failed/)
  } finally {
    Object.assign(process, { getuid })
  }
  assert.equal(readFileSync(tree.at('file'), 'utf8'), 'old')
  assert.equal(said.length, 2, said.join('\n'))
  assert.match(said[0] ?? '', /^Could not undo: .*depmod 0\.0-nobody: ./)
  assert.match(said[1] ?? '', /^ {2}try: .*depmod 0\.0-nobody$/)
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
  assert.equal(show({ argv: ['make', 'M=/a b'], cwd: '/x y' }), "(cd '/x y' && make 'M=/a b')")
})

test('an undo that a key at the terminal has met is run once more, but not for ever', async () => {
  const tree = new Tree({})
  const script = 'echo >> times; [ $(wc -l < times) -gt 2 ] || kill -QUIT $$'
  const command = { argv: ['sh', '-c', script], cwd: tree.root }
  assert.deepEqual(await runAnyway([command]), [])
  const [failed] = await runAnyway([{ argv: ['sh', '-c', 'kill -QUIT $$'] }])
  assert.match(failed ?? '', /^sh -c/)
})
