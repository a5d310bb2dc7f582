import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { boot } from '../support/debian.ts'
import { addHarness } from '../support/disks.ts'
import { allHave } from '../support/installed.ts'
import { project } from '../support/kernels.ts'
import { newKey } from '../support/packages.ts'
import { command, packedPackage, Root } from '../support/roots.ts'
import { serve } from '../support/server.ts'

/**
 * npm run door: docs/explanation/from-nothing.md, of a Debian 13 that has nothing yet and of what a new
 * user types, reads and waits for there.
 */
interface Typed {
  line: string
  seconds: number
  read: string[]
}

/** Types lines, one after the other, in a root; stops where one fails. */
async function type(root: Root, lines: readonly string[]): Promise<Typed[]> {
  const typed: Typed[] = []
  for (const line of lines) {
    const start = Date.now()
    const { status, stdout } = await root.run(['sh', '-c', `cd /root; ${line} 2>&1`])
    assert.equal(status, 0, `${line}: ${stdout}`)
    const seconds = (Date.now() - start) / 1000
    typed.push({ line, seconds, read: stdout.trimEnd().split('\n') })
  }
  return typed
}

/** The same in the machine that a root becomes once it boots, beside a device as vmd has it. */
async function typeOnceBooted(root: Root, lines: readonly string[]): Promise<Typed[]> {
  await addHarness(root)
  const typed: Typed[] = []
  await boot(root, '6.12', async (guest) => {
    for (const line of lines) {
      const start = Date.now()
      const answer = await guest.sh(`. /etc/profile; cd /root; ${line} 2>&1`)
      const seconds = (Date.now() - start) / 1000
      typed.push({ line, seconds, read: answer.replaceAll('\r', '').split('\n') })
    }
  })
  return typed
}

/** What apt prints is apt's; of what is ours each line is kept. */
function report(title: string, typed: readonly Typed[], booted: readonly Typed[]): string[] {
  const all = [...typed, ...booted]
  const ours = all.filter(({ line }) => /^(npx .*)?vmmci-dkms/.test(line))
  const row = ({ line, seconds, read }: Typed) =>
    `| \`${line}\` | ${seconds.toFixed(1)} s | ${read.length} |`
  return [
    `## ${title}`,
    '',
    '| typed | waited | lines to read |',
    '| --- | ---: | ---: |',
    ...typed.map(row),
    '| `reboot` | | |',
    ...booted.map(row),
    '',
    ...ours.flatMap(({ line, read }) => ['```text', `# ${line}`, ...read, '```', '']),
  ]
}

await using maker = await Root.of('package')
await maker.addPackage(await packedPackage())
await maker.sh(`mkdir /repo; ${newKey('door')}\n${command.join(' ')} package deb -q --out /made`)
await using server = await serve(join(maker.folder, 'repo'))
const said = await maker.sh(
  `${command.join(' ')} package repo --from /made --out /repo --sign door --url ${server.url}`,
)
const printed = [...said.matchAll(/^ {2}((curl|apt) .*)$/gm)].map(([, line = '']) =>
  line.replaceAll('apt install ', 'apt install -y '),
)

await using byApt = await Root.of('machine')
const apt = await type(byApt, [
  'apt update',
  'apt install -y curl',
  ...printed,
  'apt install -y vmmci-dkms-tools',
  'vmmci-dkms check --all-kernels',
])
await allHave(byApt, project.version)
const aptBooted = await typeOnceBooted(byApt, ['vmmci-dkms smoke', 'vmmci-dkms status'])

await using byNpx = await Root.of('machine')
const file = `vmmci-dkms-${project.version}.tgz`
await byNpx.copyIn(await packedPackage(), `/root/${file}`)
const npx = await type(byNpx, [
  'apt update',
  'apt install -y nodejs npm',
  `npx --yes ./${file} install --yes`,
])
await allHave(byNpx, project.version)
const npxBooted = await typeOnceBooted(byNpx, ['vmmci-dkms smoke', 'vmmci-dkms status'])

writeFileSync(
  join(home, 'docs/explanation/from-nothing.md'),
  [
    '# From nothing to a guest that works',
    '',
    'What a new user types on a Debian 13 as its installer leaves it, reads, and',
    `waits for. Written by \`npm run door\` on ${new Date().toISOString().slice(0, 10)}. Until the reboot it is a`,
    'chroot, where another kernel runs; then the machine boots in QEMU, under',
    'software emulation, beside a device that answers as that of vmd. Most of the',
    'time is the mirror of Debian and the unpacking of a compiler.',
    '',
    ...report('By apt, from a repository of ours', apt, aptBooted),
    ...report('By npx, from the packed file', npx, npxBooted),
  ]
    .join('\n')
    .replaceAll(server.url, 'http://HOST')
    .trimEnd()
    .concat('\n'),
)
