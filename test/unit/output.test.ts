import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Output, type OutputOptions, showValue, unbroken, wrap } from '../../scripts/run/output.ts'

/** What is written on stdout and on stderr meanwhile. */
function written(work: () => void): [string, string] {
  const said: [string[], string[]] = [[], []]
  const streams = [process.stdout, process.stderr]
  const before = streams.map(({ write }) => write)
  streams.forEach((stream, at) => {
    Object.assign(stream, { write: (text: string) => said[at as 0 | 1].push(text) > 0 })
  })
  try {
    work()
  } finally {
    streams.forEach((stream, at) => {
      Object.assign(stream, { write: before[at] })
    })
  }
  return [said[0].join(''), said[1].join('')]
}

/** As if stdout were a terminal like this. */
function on<T>(terminal: object, env: Record<string, string>, work: () => T): T {
  const { isTTY, columns } = process.stdout
  const { TERM, NO_COLOR } = process.env
  delete process.env.NO_COLOR
  Object.assign(process.stdout, terminal)
  Object.assign(process.env, { TERM: 'linux', ...env })
  try {
    return work()
  } finally {
    Object.assign(process.stdout, { isTTY, columns })
    for (const [name, value] of Object.entries({ TERM, NO_COLOR }))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}

const says: [options: OutputOptions, people: boolean, json: boolean][] = [
  [{}, true, false],
  [{ verbose: true }, true, false],
  [{ quiet: true }, false, false],
  [{ json: true }, false, true],
]

for (const [options, people, json] of says)
  test(`what is said with ${JSON.stringify(options)}`, () => {
    const output = new Output(options)
    const [out, err] = written(() => {
      output.say('a line')
      output.say()
      output.tell(`${'word '.repeat(20)}end`)
      output.warn('a warning')
    })
    const wrapped = `${'word '.repeat(16).trim()}\n${'word '.repeat(4)}end\n`
    assert.equal(out, people ? `a line\n\n${wrapped}` : '')
    assert.equal(err, 'a warning\n')
    const document = { key: 'a', cert: 'b' }
    const [result] = written(() => output.result(document, () => ['one', 'two']))
    assert.equal(result, json ? '{\n  "key": "a",\n  "cert": "b"\n}\n' : people ? 'one\ntwo\n' : '')
    assert.equal(output.verbose, options.verbose === true)
  })

test('a dry run says on stdout what is for a shell, and nothing else', () => {
  const output = new Output({ dryRun: true })
  const [out, err] = written(() => {
    output.say('for people')
    output.commands(['true'], ['# Do nothing', 'true'])
  })
  assert.deepEqual([out, err], ['# Do nothing\ntrue\n', 'for people\n'])
})

for (const [options, out] of [
  [{ json: true }, '{\n  "commands": [\n    "true"\n  ]\n}\n'],
  [{ quiet: true }, ''],
  [{}, 'true\n'],
] as const)
  test(`commands with ${JSON.stringify(options)}`, () => {
    const [said] = written(() => new Output(options).commands(['true']))
    assert.equal(said, out)
  })

/** What somebody types at a question, at a terminal or not, and what is written meanwhile. */
async function asked(
  typed: string,
  options: { enter?: 'yes' | 'no'; json?: boolean; isTTY?: boolean } = {},
): Promise<{ answer: boolean; said: string }> {
  const { enter, isTTY = true, ...more } = options
  const before = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor
  const { write } = process.stderr
  const said: string[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY })
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
  Object.assign(process.stderr, { write: (text: string) => said.push(text) > 0 })
  try {
    stdin.end(typed)
    const answer = await new Output(more).confirm('Go on?', ['One is done.', 'Two too.'], enter)
    return { answer, said: said.join('') }
  } finally {
    Object.defineProperty(process, 'stdin', before)
    Object.assign(process.stderr, { write })
  }
}

const answers: [typed: string, enter: 'yes' | 'no' | undefined, answer: boolean][] = [
  ['y\n', 'no', true],
  [' YES \n', 'no', true],
  ['n\n', 'yes', false],
  ['\n', 'yes', true],
  ['  \n', undefined, true],
  ['\n', 'no', false],
  ['yep\n', 'yes', false],
  ['nay\n', 'yes', false],
  ['', 'yes', false],
  ['', 'no', false],
]

for (const [typed, enter, answer] of answers)
  test(`${JSON.stringify(typed)} to a question where Enter is ${enter ?? 'not spoken of'}`, async () => {
    const hint = enter === 'no' ? '[y/N]' : '[Y/n]'
    assert.deepEqual(await asked(typed, { ...(enter && { enter }) }), {
      answer,
      said: `One is done.\nTwo too.\nGo on? ${hint} `,
    })
  })

for (const options of [{ isTTY: false }, { json: true }])
  test(`nobody is asked with ${JSON.stringify(options)}`, async () => {
    assert.deepEqual(await asked('y\n', options), { answer: false, said: '' })
  })

const wide = { isTTY: true, columns: 80 }
const renderers: [string, OutputOptions, object, Record<string, string>, string][] = [
  ['a terminal', {}, wide, {}, 'default'],
  ['a narrow one', {}, { isTTY: true, columns: 39 }, {}, 'simple'],
  ['one as narrow as may be', {}, { isTTY: true, columns: 40 }, {}, 'default'],
  ['a serial console', {}, { isTTY: true, columns: 0 }, {}, 'simple'],
  ['a pipe', {}, { isTTY: false, columns: 80 }, {}, 'simple'],
  ['a dumb terminal', {}, wide, { TERM: 'dumb' }, 'simple'],
  ['one without colours', {}, wide, { NO_COLOR: '1' }, 'simple'],
  ['--verbose', { verbose: true }, wide, {}, 'verbose'],
  ['--quiet', { quiet: true, verbose: true }, wide, {}, 'silent'],
  ['--json', { json: true, verbose: true }, wide, {}, 'silent'],
]

for (const [what, options, terminal, env, renderer] of renderers)
  test(`steps on ${what} are shown by ${renderer}`, () => {
    assert.equal(
      on(terminal, env, () => new Output(options).renderer),
      renderer,
    )
  })

test('a sentence is broken at its width and not before', () => {
  assert.deepEqual(wrap('- ', 'aa bb cc', 7), ['- aa bb', '  cc'])
  assert.deepEqual(wrap('- ', 'aa bb cc', 6), ['- aa', '  bb', '  cc'])
  assert.deepEqual(wrap('', 'aa', 1), ['aa'])
  assert.deepEqual(wrap('- ', 'longer than that', 4), ['- longer', '  than', '  that'])
})

test('words that belong together stay on one line', () => {
  assert.deepEqual(wrap('', `aa ${unbroken('bb cc dd')} ee`, 8), ['aa', 'bb cc dd', 'ee'])
})

test('values as people read them', () => {
  assert.equal(showValue('1234567', 'ns'), '1.235 ms')
  assert.equal(showValue('1795513014', 'time'), '2026-11-24T09:36:54.000Z')
  assert.equal(showValue('1234567'), '1234567')
  assert.equal(showValue('1234567', null), '1234567')
})
