import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import type { Missing } from '../../scripts/install/missing.ts'
import { removeSteps } from '../../scripts/install/package-steps.ts'
import {
  findDistribution,
  headerPackages,
  installCommand,
  parseOsRelease,
  unasked,
} from '../../scripts/install/packages.ts'
import { planPrerequisites } from '../../scripts/install/prerequisites.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import type { Command } from '../../scripts/run/exec.ts'
import type { SystemFacts } from '../../scripts/system/facts.ts'

const { distributions } = loadManifest(ownManifest)

/**
 * os-release, kernel release, headers, metapackage: = where both are one, - where the kernel is not
 * the distribution's. Kernels that somebody has run are in distributions.test.ts.
 */
const table: [string, string, string, string][] = [
  ['ID=debian\nVERSION_ID="13"', '6.18.44-custom', '-', '-'],
  [
    'ID=ubuntu\nVERSION_ID="22.04"',
    '6.8.0-45-generic',
    'linux-headers-6.8.0-45-generic',
    'linux-headers-generic-hwe-22.04',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.0-45-generic-64k',
    'linux-headers-6.8.0-45-generic-64k',
    'linux-headers-generic-64k',
  ],
  [
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"',
    '6.8.0-45-generic',
    'linux-headers-6.8.0-45-generic',
    'linux-headers-generic',
  ],
  [
    'ID="rhel"\nVERSION_ID="9.6"',
    '5.14.0-570.el9.x86_64+rt',
    'kernel-rt-devel-5.14.0-570.el9.x86_64',
    'kernel-rt-devel',
  ],
  [
    'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"',
    '5.14.0-570.el9.x86_64',
    'kernel-devel-5.14.0-570.el9.x86_64',
    'kernel-devel',
  ],
  ['ID=arch', '6.17.5-mine', '-', '-'],
  ['ID=cachyos\nID_LIKE=arch', '6.17.5-2-cachyos-rt-bore', 'linux-cachyos-rt-bore-headers', '='],
  ['ID=cachyos\nID_LIKE=arch', '6.17.5-zen1-1-zen', 'linux-zen-headers', '='],
]

for (const [osText, release, headers, metapackage] of table)
  test(`headers of ${release} on ${osText.split('\n')[0]}`, () => {
    const os = parseOsRelease(osText)
    const distribution = findDistribution(distributions, os)
    assert.ok(distribution)
    const found = headerPackages(distribution, os, release)
    assert.deepEqual(
      [found?.headers ?? '-', found?.metapackage ?? '-'],
      [headers, metapackage.replace('=', headers)],
    )
  })

test('a distribution that nobody knows is none', () => {
  assert.equal(findDistribution(distributions, parseOsRelease('ID=plan9')), undefined)
})

const commands: [Parameters<typeof installCommand>[0], string][] = [
  ['apt', 'apt-get install a b'],
  ['dnf', 'dnf install a b'],
  ['zypper', 'zypper install a b'],
  ['pacman', 'pacman -S a b'],
  ['apk', 'apk add a b'],
  ['xbps', 'xbps-install a b'],
]

for (const [manager, command] of commands)
  test(`${manager} is told: ${command}`, () => {
    assert.equal(installCommand(manager, ['a', 'b']), command)
  })

for (const [manager, words, asked] of [
  ['apt', 'apt-get install --reinstall', 'apt-get install --reinstall -y -q'],
  ['dnf', 'dnf remove', 'dnf remove -y'],
  ['zypper', 'zypper install --force', 'zypper --non-interactive install --force'],
  ['pacman', 'pacman -R', 'pacman -R --noconfirm'],
  ['apk', 'apk del', 'apk del'],
  ['xbps', 'xbps-remove', 'xbps-remove -y'],
] as const)
  test(`${words} asks nobody`, () => {
    assert.equal(unasked(manager, words.split(' ')).join(' '), asked)
  })

test('a removal waits for another run of apt, as an installation does, and says what mends it', () => {
  const [debian] = distributions.filter(({ manager }) => manager === 'apt')
  const facts = { distribution: debian } as SystemFacts
  const [step] = removeSteps(facts, ['a', 'b'])
  assert.equal(
    step?.commands?.[0]?.argv.join(' '),
    'env DEBIAN_FRONTEND=noninteractive apt-get remove -y -q -o DPkg::Lock::Timeout=600 a b',
  )
  const failed = step?.explain?.(step.commands?.[0] as Command, {
    ...{ status: 100, stdout: '' },
    stderr: 'E: dpkg was interrupted, you must manually run',
  })
  assert.equal(failed?.more.mend, 'dpkg --configure -a')
  assert.deepEqual(removeSteps(facts, []), [])
})

test('what a dry run says installs packages and writes down that they came along', () => {
  const [debian] = distributions.filter(({ manager }) => manager === 'apt')
  const facts = { distribution: debian } as SystemFacts
  const project = { package: { name: 'm' } } as Project
  const plan = (missing: Partial<Missing>) =>
    planPrerequisites(project, facts, {
      ...{ packages: [], again: [], reasons: [], kernels: [] },
      ...missing,
    })
      .flatMap(({ commands = [] }) => commands)
      .map(({ argv, input = '' }) => `${argv.join(' ')}${input && `: ${input}`}`)
      .slice(1)
  const apt = 'env DEBIAN_FRONTEND=noninteractive apt-get install'
  const waits = '-o DPkg::Lock::Timeout=600'
  assert.deepEqual(plan({ packages: ['a', 'b'] }), [
    `${apt} -y -q --no-install-recommends ${waits} a b`,
    'mkdir -p -m 700 /var/lib/m',
    'dd status=none oflag=append conv=notrunc of=/var/lib/m/packages: a\nb\n',
  ])
  // They were here before, and did not come along.
  assert.deepEqual(plan({ again: ['c'] }), [`${apt} --reinstall -y -q ${waits} c`])
})
