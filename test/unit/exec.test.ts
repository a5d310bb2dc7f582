import assert from 'node:assert/strict'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ask,
  byRoot,
  exec,
  noRoot,
  quote,
  raiser,
  readerIsRoot,
  show,
  toolPath,
  userPath,
  which,
} from '../../scripts/run/exec.ts'
import { interruption } from '../../scripts/run/interrupt.ts'
import { Tree } from '../support/tree.ts'

/** Words as a shell takes them apart. */
async function taken(line: string): Promise<string[]> {
  const { stdout } = await exec({ argv: ['sh', '-c', `printf '%s\\0' ${line}`] })
  return stdout.split('\0').slice(0, -1)
}

test('a folder to work in is one to a Makefile, too', async () => {
  assert.equal((await exec({ argv: ['printenv', 'PWD'], cwd: '/usr/lib' })).stdout, '/usr/lib\n')
})

test('each letter that means something to a shell is quoted', () => {
  for (const letter of ' \t\n;&|<>()$`\\"\'*?[]#!{}^')
    for (const word of [letter, `a${letter}`, `${letter}a`, `a${letter}b`])
      assert.ok(quote(word).startsWith("'") && quote(word).endsWith("'"), word)
  for (const word of ['~', '~root', '']) assert.equal(quote(word), `'${word}'`)
})

test('what means nothing to a shell stays as it is', () => {
  for (const word of ['M=/a/b', 'linux-headers-6.1+x', 'a@b', '100%', 'k:v,w', 'a~', '_X9'])
    assert.equal(quote(word), word)
})

test('a shell takes any words apart as they were', async () => {
  const letters = ' \t\n;&|<>()$`\\"\'*?[]#~=%!{}^-ab/.é'
  const words = fc.sample(fc.string({ unit: fc.constantFrom(...letters) }), 500)
  assert.deepEqual(await taken(words.map(quote).join(' ')), words)
})

test('what is shown is what is run: a folder, an environment, words', async () => {
  const command = { argv: ['echo', 'a b', '$HOME'], cwd: '/usr/lib', env: { X: "it's" } }
  assert.equal(show(command), `(cd /usr/lib && X='it'\\''s' echo 'a b' '$HOME')`)
  assert.equal(show({ argv: ['true'] }), 'true')
  assert.equal((await exec(command)).stdout, 'a b $HOME\n')
})

test('a command has its folder, its environment, plain English and no input', async () => {
  const script = 'pwd; echo "$X $LC_ALL"; echo "$PATH"; cat; echo wrong >&2; exit 3'
  const seen: string[] = []
  const result = await exec(
    { argv: ['sh', '-c', script], cwd: '/usr/lib', env: { X: 'y' } },
    { onOutput: (text) => seen.push(text) },
  )
  assert.deepEqual(result, {
    status: 3,
    stdout: `/usr/lib\ny C\n${toolPath}\n`,
    stderr: 'wrong\n',
  })
  assert.equal(seen.join('').length, result.stdout.length + result.stderr.length)
})

test('a command reads what it is given, and it is shown so', async () => {
  const command = { argv: ['cat', '-'], input: "it's\n" }
  assert.equal((await exec(command)).stdout, "it's\n")
  assert.equal(show(command), `printf %s 'it'\\''s\n' | cat -`)
  assert.deepEqual(await taken(`"$(${show(command)})"`), ["it's"])
  assert.equal((await exec({ argv: ['cat'], input: '' })).stdout, '')
})

test('a command gets an open file as its third', async () => {
  const file = openSync(new Tree({ '/a': 'from the file' }).at('/a'), 'r')
  const { stdout } = await exec({ argv: ['sh', '-c', 'cat <&3'] }, { file })
  closeSync(file)
  assert.equal(stdout, 'from the file')
  assert.notEqual((await exec({ argv: ['sh', '-c', 'cat <&3'] })).status, 0)
})

test('a command has a process group of its own', async () => {
  const { stdout } = await exec({ argv: ['sh', '-c', 'echo $$; cut -d" " -f5 /proc/$$/stat'] })
  const [pid, group] = stdout.split('\n')
  assert.equal(pid, group)
})

test('a program that cannot be started, and one that was ended, have a status too', async () => {
  assert.deepEqual(await exec({ argv: ['nobody-has-this', 'x'] }), {
    status: 127,
    stdout: '',
    stderr: 'nobody-has-this: ENOENT',
  })
  assert.equal((await exec({ argv: ['sh', '-c', 'kill -9 $$'] })).status, 128)
})

const interrupt = () => interruption.dispatchEvent(new Event('abort'))

test('an interruption ends what runs', async () => {
  const { status } = await exec(
    { argv: ['sh', '-c', 'echo; sleep 3'] },
    { onOutput: () => interrupt() },
  )
  assert.equal(status, 128)
})

test('an interruption waits for what must not be left half-way', async () => {
  const tree = new Tree()
  const script = 'echo; i=0; until [ -e go ] || [ $((i += 1)) = 99999 ]; do :; done; echo whole'
  const { status, stdout } = await exec(
    { argv: ['sh', '-c', script], cwd: tree.root, whole: true },
    {
      onOutput: () => {
        interrupt()
        writeFileSync(tree.at('/go'), '')
      },
    },
  )
  assert.deepEqual([status, stdout], [0, '\nwhole\n'])
})

test('a command that is ended goes with its children', async () => {
  const abort = new AbortController()
  const script = 'sleep 3 & echo $!; wait'
  const ended = exec(
    { argv: ['sh', '-c', script] },
    { signal: abort.signal, onOutput: () => abort.abort() },
  )
  const { status, stdout } = await ended
  assert.notEqual(status, 0)
  // A zombie is nobody's business; what runs on would hold our pipe, and we would not be here.
  assert.match(stdout, /^\d+\n$/)
})

test('a program is found where the system has it, also in sbin', () => {
  assert.match(which('sh') ?? '', /^\/(usr\/)?bin\/sh$/)
  assert.equal(which('nobody-has-this'), undefined)
  for (const folder of ['/usr/sbin', '/sbin', '/usr/bin', '/bin'])
    assert.equal(toolPath.split(':').filter((at) => at === folder).length, 1)
  assert.ok(!toolPath.split(':').includes(''))
})

test('asking: what was said; nothing where the program says no or is missing', async () => {
  assert.equal(await ask(['echo', ' a b ']), 'a b')
  assert.equal(await ask(['sh', '-c', 'echo x; exit 1']), undefined)
  assert.equal(await ask(['nobody-has-this']), undefined)
  assert.equal(await ask([]), undefined)
})

// Who called the tests may be root by sudo.
delete process.env.SUDO_UID
delete process.env.DOAS_USER

test('what needs root is raised by sudo or doas, and only then', async () => {
  const { getuid } = process
  try {
    Object.assign(process, { getuid: () => 1000 })
    const raise = ['sudo', 'doas'].find((program) => which(program))
    if (raise) assert.equal(show({ argv: ['id', '-u'], root: true }), `${raise} id -u`)
    else await assert.rejects(exec({ argv: ['id'], root: true }), { kind: 'privilege' })
    assert.equal(show({ argv: ['id'] }), 'id')
    Object.assign(process, { getuid: () => 0 })
    assert.equal(show({ argv: ['id'], root: true }), 'id')
  } finally {
    Object.assign(process, { getuid })
  }
})

test('a line for root is typed with what makes this user root', async () => {
  const { getuid } = process
  try {
    Object.assign(process, { getuid: () => 0 })
    assert.equal(byRoot("echo 'a b'"), "echo 'a b'")
    Object.assign(process, { getuid: () => 1000 })
    const by = raiser()
    assert.equal(byRoot("echo 'a b'"), by ? `${by} echo 'a b'` : "su -c 'echo '\\''a b'\\'''")
  } finally {
    Object.assign(process, { getuid })
  }
})

test('whom sudo or doas made root for this run is no root to read on', () => {
  const { getuid } = process
  try {
    Object.assign(process, { getuid: () => 0 })
    for (const env of [{}, { SUDO_UID: '0' }, { DOAS_USER: 'root' }])
      assert.equal(readerIsRoot(env, 'sudo'), true)
    for (const env of [{ SUDO_UID: '1000' }, { DOAS_USER: 'nobody' }]) {
      assert.equal(readerIsRoot(env, 'doas'), false)
      // There they came from elsewhere.
      assert.equal(readerIsRoot(env, ''), true)
    }
    Object.assign(process, { getuid: () => 1000 })
    assert.equal(readerIsRoot({}, 'sudo'), false)
  } finally {
    Object.assign(process, { getuid })
  }
})

test('where root cannot be had, the same command is to be run by su', async () => {
  const { kind, message, more } = noRoot('This needs root.')
  assert.deepEqual([kind, message], ['privilege', 'This needs root.'])
  const [su, option, line = ''] = await taken(more.mend ?? '')
  assert.deepEqual([su, option], ['su', '-c'])
  const words = await taken(line)
  assert.deepEqual([words[0], words.at(-1)], [process.execPath, process.argv.at(-1)])
  assert.equal(words.length, process.execArgv.length + process.argv.length)
})

test('what npm puts into the PATH for one run is not the user’s', () => {
  const { PATH } = process.env
  try {
    process.env.PATH = '/a:/x/node_modules/.bin::/b'
    assert.deepEqual(userPath(), ['/a', '/b'])
    delete process.env.PATH
    assert.deepEqual(userPath(), [])
  } finally {
    process.env.PATH = PATH
  }
})

test('a word may be anything: nothing of it reaches a shell', async () => {
  const tree = new Tree()
  const words = ['$(touch x)', '`touch x`', '; touch x', "' ; touch x; '", '\n touch x']
  const { stdout } = await exec({ argv: ['printf', '%s\\0', ...words], cwd: tree.root })
  assert.deepEqual(stdout.split('\0').slice(0, -1), words)
  assert.equal(await ask(['ls', tree.root]), '')
})
