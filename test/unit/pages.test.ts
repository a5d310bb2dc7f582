import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { commandFiles } from '../../scripts/build/command-files.ts'
import { describedCommands } from '../../scripts/cli/described.ts'
import { program } from '../../scripts/cli/program.ts'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'

const read = (path: string) => readFileSync(join(home, path), 'utf8')
const docs = readdirSync(join(home, 'docs'), { recursive: true, encoding: 'utf8' })
const pages = [
  ...readdirSync(home).filter((file) => file.endsWith('.md')),
  ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
]

/** Where the links and pictures of a page lead, inside this tree. */
const links = (page: string) =>
  [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, to = '']) =>
    normalize(join(dirname(page), to)),
  )

/** Lines that a page tells one to type: as code of their own. */
const typed = (page: string) =>
  [...read(page).matchAll(/^(?: {4,}|`{3}sh\n)(.*)$/gm)].map(([, line = '']) => line)

test('the README is short, and no line of a page is wide', () => {
  assert.ok(read('README.md').split('\n').length <= 200)
  for (const page of pages.filter((name) => /^(README|docs\/(?!reference))/.test(name)))
    for (const line of read(page).split('\n'))
      assert.ok(line.length <= 80 || /^\||^ {4}|\]\(/.test(line), `${page}: ${line}`)
})

test('every link leads somewhere', () => {
  assert.ok(pages.length > 15)
  for (const page of pages)
    for (const to of links(page)) assert.ok(existsSync(join(home, to)), `${page}: ${to}`)
})

test('npm packs all that the command needs and its pages link to, and no tests', async () => {
  const argv = ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse((await exec({ argv, cwd: home })).stdout) as [
    { files: { path: string }[] },
  ]
  const packed = new Set(files.map(({ path }) => path))
  const needed = commandFiles().map(({ path }) => path)
  assert.ok(needed.includes('kmod/manifest.json') && needed.includes('package.json'))
  for (const path of needed) assert.ok(packed.has(path), path)
  for (const page of pages.filter((name) => packed.has(name)))
    for (const to of links(page)) assert.ok(packed.has(to), `${page}: ${to}`)
  for (const path of packed) assert.doesNotMatch(path, /^(test|\.github|node_modules)\//)
})

/** The command line without what a shell would do with it, or undefined where it is none of ours. */
function words(line: string): string[] | undefined {
  const ours =
    /(?:^|&& )(?:sudo )?(?:npx (?:--yes )?)?(?:\.\/)?vmmci-dkms(?:-[\d.]+\.tgz)? ([^#>|&]*)/.exec(
      line,
    )
  return ours?.[1]?.trim().split(/\s+/)
}

/** Reads the words as the command would, and does nothing. */
async function parses(given: string[]): Promise<void> {
  const all = program()
  for (const command of describedCommands(all)) command.action(() => {})
  await all.parseAsync(given, { from: 'user' })
}

test('every command that a page tells one to type can be typed', async () => {
  const lines = pages.flatMap((page) => typed(page).map((line) => ({ page, line })))
  const given = lines.flatMap(({ page, line }) => {
    const found = words(line)
    return found ? [{ page, line, found }] : []
  })
  assert.ok(given.length > 20, `${given.length}`)
  for (const { page, line, found } of given)
    await assert.doesNotReject(parses(found), `${page}: ${line}`)
  await assert.rejects(parses(['install', '--no-such-option']))
})

test('every npm run that a page tells of is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const page of pages)
    for (const [, name = ''] of read(page).matchAll(/npm run ([\w:-]+)/g))
      assert.ok(name in scripts, `${page}: npm run ${name}`)
})
