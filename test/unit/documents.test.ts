import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describedCommands } from '../../scripts/cli/described.ts'
import { documents } from '../../scripts/cli/documents.ts'
import { program } from '../../scripts/cli/program.ts'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'
import { bundledCli } from '../support/bundled.ts'
import { checkDocument } from '../support/documents.ts'

const commands = describedCommands(program())
const takesJson = commands.filter(({ described }) => described.takes.includes('json'))

test('every command that takes --json says what it prints', () => {
  for (const { described } of takesJson) {
    const names = Object.keys(documents).filter((name) => name.split(' ')[0] === described.name)
    assert.ok(names.length > 0, described.name)
  }
})

const cli = await bundledCli()

/** Each dry run: of a command, or of the first of its words that has one. */
const dryRuns = commands
  .filter(({ described }) => described.takes.includes('dryRun'))
  .map(({ described: { name, what = [], only } }) => [
    ...[name, ...(only?.dryRun ?? what).slice(0, 1)],
    '--dry-run',
  ])

/** What can be asked of any machine, by anybody. */
for (const words of [
  ['check'],
  ['status'],
  ['keys', 'show'],
  ['render'],
  ['watch', '--count', '1'],
  ...dryRuns,
  ['install', '--kernel', '$(id)'],
  ['no-such-command'],
  ['status', '--no-such-option'],
])
  test(`${words.join(' ')} --json is what its schema says`, async () => {
    const { stdout } = await exec({
      argv: [process.execPath, cli, ...words, '--json'],
      cwd: home,
    })
    checkDocument([...words, '--json'], stdout)
  })

test('what is not as its schema says is told', () => {
  const render = { template: '/a', file: null, text: '' }
  checkDocument(['render'], JSON.stringify(render))
  for (const wrong of [{ ...render, more: 1 }, { ...render, file: 1 }, { commands: [] }])
    assert.throws(() => checkDocument(['render'], JSON.stringify(wrong)))
})
