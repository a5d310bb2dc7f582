import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type BootFacts, bootAdvice } from '../../scripts/install/boot.ts'
import { loadProblem } from '../../scripts/install/load-problem.ts'
import { type Check, untilFirstCause } from '../../scripts/look/smoke.ts'
import { modprobeLines, showModprobeLine } from '../../scripts/system/modprobe.ts'

/** A file and its text, and the line of it that keeps a_b out; - for none. */
const files: [file: string, text: string, line: string][] = [
  ['/etc/modprobe.d/x.conf', 'install a_b /bin/false\n', '1 install'],
  ['/etc/modprobe.d/x.conf', '# install a_b /bin/false\n\ninstall a-b /bin/true\n', '3 install'],
  ['/usr/lib/modprobe.d/x.conf', 'options a_b c=1\n  blacklist\ta_b\n', '2 blacklist'],
  ['/etc/modprobe.d/x.conf', 'install other \\\n  /bin/x\nblacklist a_b\n', '3 blacklist'],
  ['/etc/modprobe.d/x.conf', 'install \\\na_b \\\n/bin/false\n', '1 install'],
  ['/etc/modprobe.d/x.conf', 'blacklist a_b_c\ninstall b a_b\nsoftdep a_b pre: c\n', '-'],
  ['/etc/modprobe.d/x.txt', 'blacklist a_b\n', '-'],
  ['/etc/modprobe.d/x.conf', '\nalias a-b off\n', '2 install'],
  ['/etc/modprobe.d/x.conf', 'alias a_b other\nalias c a_b\nalias a_b a-b\n', '1 install'],
  ['/etc/modprobe.d/x.conf', 'alias pci:v*(d)* off\nalias a_b_c off\nalias A_b off', '-'],
  ['/etc/modprobe.d/x.conf', 'alias a?b off', '1 install'],
  ['/etc/modprobe.d/x.conf', 'install a* /bin/false', '1 install'],
  ['/etc/modprobe.d/x.conf', 'blacklist a*\nalias a. off\ninstall *[a /bin/false', '-'],
  ['/proc/cmdline', 'quiet modprobe.blacklist=c,a-b ro\n', '1 blacklist'],
  ['/proc/cmdline', 'quiet module_blacklist=a_b\n', '1 install'],
  ['/proc/cmdline', 'quiet blacklist=a_b modprobe.blacklist=a_b_c\n', '-'],
]

function folder(t: { after: (undo: () => void) => void }, put: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [file, text] of Object.entries(put)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

for (const [file, text, line] of files)
  test(`what keeps a module out: ${file} with ${JSON.stringify(text)}`, (t) => {
    const found = modprobeLines(['c', 'a-b'].slice(1), folder(t, { [file]: text }))
    assert.deepEqual(
      found.map((at) => `${at.file} ${at.line} ${at.kind}`),
      line === '-' ? [] : [`${file} ${line}`],
    )
  })

test('a file in /etc hides the one of its name in /usr/lib', (t) => {
  const root = folder(t, {
    '/etc/modprobe.d/x.conf': '# nothing\n',
    '/usr/lib/modprobe.d/x.conf': 'blacklist a\n',
    '/usr/lib/modprobe.d/y.conf': 'blacklist a\n',
  })
  assert.deepEqual(
    modprobeLines(['a'], root).map(({ file }) => file),
    ['/usr/lib/modprobe.d/y.conf'],
  )
})

test('lines are told of in the order of their files’ names, without what is around them', (t) => {
  const root = folder(t, {
    '/etc/modprobe.d/z.conf': '  blacklist a  \n',
    '/usr/lib/modprobe.d/m.conf': 'blacklist a\n',
    '/etc/modprobe.d/b.conf': 'blacklist a # no\n',
    '/proc/cmdline': '  ro no.modprobe.blacklist=a\tmodprobe.blacklist=a \n',
  })
  assert.deepEqual(
    modprobeLines(['a'], root).map(({ file, text }) => [file, text]),
    [
      ['/etc/modprobe.d/b.conf', 'blacklist a # no'],
      ['/usr/lib/modprobe.d/m.conf', 'blacklist a'],
      ['/etc/modprobe.d/z.conf', 'blacklist a'],
      ['/proc/cmdline', 'modprobe.blacklist=a'],
    ],
  )
})

const inFile = { file: '/etc/modprobe.d/x y.conf', line: 3 }
const onCommandLine = { file: '/proc/cmdline', line: 1 }

for (const [line, message, mend] of [
  [
    { ...inFile, text: 'install a /bin/false', kind: 'install' },
    '/etc/modprobe.d/x y.conf:3 keeps it from being loaded: install a /bin/false',
    `"\${EDITOR:-vi}" +3 '/etc/modprobe.d/x y.conf'`,
  ],
  [
    { ...inFile, text: 'blacklist a', kind: 'blacklist' },
    '/etc/modprobe.d/x y.conf:3 keeps the next boot from loading it: blacklist a',
    `"\${EDITOR:-vi}" +3 '/etc/modprobe.d/x y.conf'`,
  ],
  [
    { ...onCommandLine, text: 'module_blacklist=a', kind: 'install' },
    "the kernel's command line keeps it from being loaded: module_blacklist=a",
    'cat /proc/cmdline',
  ],
] as const)
  test(`told with its place: ${message}`, () => {
    assert.deepEqual(showModprobeLine(line), { message, mend })
  })

const here: BootFacts = {
  running: '6.1-a',
  ready: ['6.1-a'],
  newest: '6.1-a',
  container: false,
  grubby: false,
}

/** What is so, and what is said of the boot; undefined where nothing is to be booted. */
const boots: [string, Partial<BootFacts>, string | undefined, string | undefined][] = [
  ['it runs', {}, undefined, undefined],
  ['nothing is installed', { ready: [] }, undefined, undefined],
  [
    'the newest has it',
    { ready: ['6.2-a'], newest: '6.2-a' },
    '6.2-a. The next boot takes 6.2-a.',
    'reboot',
  ],
  [
    'an older one has it',
    { ready: ['6.0-a'] },
    '6.0-a. Reboot, and choose 6.0-a in the boot menu.',
    'reboot',
  ],
  [
    'nobody knows which is the newest',
    { ready: ['6.0-a'], newest: undefined },
    '6.0-a. Reboot, and choose 6.0-a in the boot menu.',
    'reboot',
  ],
  [
    'an older one, with grubby',
    { ready: ['5.9-a', '6.0-a'], grubby: true },
    '5.9-a, 6.0-a. Boot 6.0-a.',
    'grubby --set-default /boot/vmlinuz-6.0-a && reboot',
  ],
  [
    'a container',
    { ready: ['6.2-a'], newest: '6.2-a', container: true },
    '6.2-a. This is a container: they are of use where 6.2-a runs.',
    undefined,
  ],
]

for (const [what, facts, says, mend] of boots)
  test(`which kernel to boot: ${what}`, () => {
    const advice = bootAdvice({ ...here, ...facts })
    const message = says && `Kernel 6.1-a runs, and the modules are for ${says}`
    assert.deepEqual([advice?.message, advice?.mend], [message, mend])
  })

test('why a module is not loaded: a line before a kernel before what modprobe says', () => {
  const line = {
    file: '/etc/modprobe.d/x.conf',
    line: 1,
    text: 'install a b',
    kind: 'install',
  } as const
  const other = { message: 'boot another', mend: 'reboot' }
  const said = 'modprobe: FATAL: Module a not found in directory /lib/modules/6.1'
  assert.match(loadProblem(said, [line], other).message, /x\.conf:1/)
  assert.equal(loadProblem(said, [{ ...line, kind: 'blacklist' }], other).mend, 'reboot')
})

for (const [said, message, mend] of [
  [
    'modprobe: FATAL: Module a not found in directory /lib/modules/6.1\n',
    'it is not installed for this kernel (modprobe: FATAL: Module a not found in directory /lib/modules/6.1)',
    'vmmci-dkms install',
  ],
  ['something else\n', 'something else', 'dmesg | tail'],
  ['\n', 'modprobe did not load it', 'dmesg | tail'],
] as const)
  test(`why a module is not loaded: ${message}`, () => {
    assert.deepEqual(loadProblem(said, [], undefined), { message, mend })
  })

test('checks end at the first cause', async () => {
  const check = (label: string, result: Check['result']): Check => ({ label, result, why: '' })
  const shown: string[] = []
  const checks = await untilFirstCause(
    [
      () => [check('a', 'pass'), check('b', 'unknown')],
      async () => [check('c', 'fail'), check('d', 'pass')],
      () => assert.fail('this one must not be made'),
    ],
    ({ label }) => shown.push(label),
  )
  assert.deepEqual(
    checks.map(({ label }) => label),
    ['a', 'b', 'c', 'd'],
  )
  assert.deepEqual(shown, ['a', 'b', 'c', 'd'])
})
