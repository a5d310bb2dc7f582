import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseHeaders,
  type HeadersSource,
  headersCommand,
  headersNames,
  headersOfImage,
  headersProblem,
  kernelsIn,
  offeredIn,
  type PackageState,
  reinstallSet,
} from '../../scripts/install/headers.ts'
import type { PackageManager } from '../../scripts/install/packages.ts'
import type { Headers, Kernel } from '../../scripts/system/kernels.ts'
import { splitNameVersion } from '../../scripts/system/ownership.ts'

/** Who owns a kernel, as its manager says, and its headers; - where that is no kernel's package. */
const images: [PackageManager, string, string, string][] = [
  ['apt', 'linux-image-6.12.117+deb13-amd64', '', 'linux-headers-6.12.117+deb13-amd64'],
  ['apt', 'linux-image-6.1.0-50-amd64-unsigned', '', 'linux-headers-6.1.0-50-amd64'],
  ['apt', 'linux-image-unsigned-6.8.0-45-generic', '', 'linux-headers-6.8.0-45-generic'],
  ['apt', 'linux-modules-6.8.0-45-generic', '', 'linux-headers-6.8.0-45-generic'],
  ['apt', 'proxmox-kernel-6.17.2-1-pve-signed', '', 'proxmox-headers-6.17.2-1-pve'],
  ['apt', 'proxmox-kernel-6.17.2-1-pve', '', 'proxmox-headers-6.17.2-1-pve'],
  ['apt', 'pve-kernel-5.15.158-2-pve', '', 'pve-headers-5.15.158-2-pve'],
  ['apt', 'linux-image-6.17.9-1-liquorix-amd64', '', 'linux-headers-6.17.9-1-liquorix-amd64'],
  ['apt', 'linux-image-6.17.9-x64v3-xanmod1', '', 'linux-headers-6.17.9-x64v3-xanmod1'],
  ['apt', 'linux-image-6.1.0-signed-by-me', '', 'linux-headers-6.1.0-signed-by-me'],
  ['apt', 'linux-image-amd64', '', '-'],
  ['apt', 'my-linux-image-6.1', '', '-'],
  ['apt', 'memtest86+', '', '-'],
  ['dnf', 'kernel-core', '6.17.1-300.fc43.x86_64', 'kernel-devel-6.17.1-300.fc43.x86_64'],
  ['dnf', 'kernel', '3.10.0-1160.el7.x86_64', 'kernel-devel-3.10.0-1160.el7.x86_64'],
  ['dnf', 'kernel-rt-core', '5.14.0-570.el9.x86_64', 'kernel-rt-devel-5.14.0-570.el9.x86_64'],
  ['dnf', 'kernel-uek-core', '6.12.0-1.el9uek.x86_64', 'kernel-uek-devel-6.12.0-1.el9uek.x86_64'],
  ['dnf', 'kernel-ml-core', '6.17.8-1.el9.x86_64', 'kernel-ml-devel-6.17.8-1.el9.x86_64'],
  ['dnf', 'kernel6.12', '6.12.40-1.amzn2023.x86_64', 'kernel6.12-devel-6.12.40-1.amzn2023.x86_64'],
  ['dnf', 'kernel-core-mine', '', 'kernel-core-mine-devel'],
  ['dnf', 'my-kernel', '6.1', '-'],
  [
    'zypper',
    'kernel-default',
    '6.4.0-150600.21.1.x86_64',
    'kernel-default-devel-6.4.0-150600.21.1.x86_64',
  ],
  ['pacman', 'linux', '6.17.5.arch1-1', 'linux-headers'],
  ['pacman', 'linux-rt-lts', '6.12.57.rt14-1', 'linux-rt-lts-headers'],
  ['pacman', 'linux612', '6.12.108-1', 'linux612-headers'],
  ['pacman', 'linux-cachyos-bore-lto', '6.17.5-2', 'linux-cachyos-bore-lto-headers'],
  ['pacman', 'filesystem', '2025.1', '-'],
  ['pacman', 'util-linux', '2.41', '-'],
  ['xbps', 'linux6.6', '6.6.63_1', 'linux6.6-headers'],
  ['apk', 'linux-virt', '6.12.50-r0', 'linux-virt-dev'],
  ['apk', 'util-linux-misc', '2.41-r0', '-'],
]

for (const [manager, image, version, headers] of images)
  test(`the headers of ${image}, by ${manager}`, () => {
    assert.equal(headersOfImage({ package: image, manager, version }) ?? '-', headers)
  })

const debian = { package: 'linux-image-6.1.0-50-amd64-unsigned', manager: 'apt' } as const

/** A kernel, who owns it, what the table of distributions says, and what its headers may be called. */
const names: [string, Parameters<typeof headersNames>, string[]][] = [
  [
    'the owner’s comes first, and each once',
    ['6.1.0-50-amd64', 'apt', debian, 'linux-headers-6.1.0-50-amd64'],
    ['linux-headers-6.1.0-50-amd64'],
  ],
  [
    'whoever builds a Debian package calls it as Debian does',
    ['6.18.44-custom', 'apt', undefined, undefined],
    ['linux-headers-6.18.44-custom'],
  ],
  [
    'the owner knows better than the table',
    ['6.17.5', 'pacman', { package: 'linux-mine', manager: 'pacman' }, 'linux-headers'],
    ['linux-mine-headers', 'linux-headers'],
  ],
  [
    'no kernel’s package, and none in the table',
    ['6.17.5', 'pacman', { package: 'filesystem', manager: 'pacman' }, undefined],
    [],
  ],
]

for (const [what, asked, expected] of names)
  test(`what headers may be called: ${what}`, () =>
    assert.deepEqual(headersNames(...asked), expected))

/** What a package manager says of a package, and the version that it offers. */
const answers: [PackageManager, answer: string, offered: string | undefined][] = [
  ['apt', 'Package: linux-headers-6.1\nVersion: 6.1-1', ''],
  ['dnf', 'Name : kernel-devel\nVersion : 6.1', ''],
  [
    'pacman',
    'Repository      : core\nName            : linux-headers\nVersion         : 6.17.5.arch1-1\nDepends On      : pahole',
    '6.17.5.arch1-1',
  ],
  ['pacman', 'Old Version : 1\nVersion:2-1', '2-1'],
  ['pacman', 'Name : linux-headers', ''],
  [
    'xbps',
    'architecture: x86_64\npkgver: linux6.6-headers-6.6.63_1\nrun_depends:\n\tpkgver: a-1',
    '6.6.63_1',
  ],
  ['xbps', 'old pkgver: a-1\npkgver: linux-headers-6_1 (old)\npkgver: linux-headers-6_2', '6_2'],
  ['xbps', 'pkgver: linux-headers', ''],
  ['apk', 'linux-virt-dev policy:\n  6.12.50-r0:\n    lib/apk/db/installed', ''],
  ['apk', '', undefined],
]

for (const [manager, answer, offered] of answers)
  test(`${manager} offers ${offered === undefined ? 'nothing' : offered || 'it'}: ${answer.replaceAll('\n', '; ').slice(0, 60)}`, () =>
    assert.equal(offeredIn(manager, answer), offered))

type States = Record<string, PackageState>

/** Names that may be, what is known of them, the kernel's own version, and the command; - for none. */
const choices: [string, PackageManager, string[], States, string | undefined, string][] = [
  [
    'a kernel of the distribution',
    'apt',
    ['h-1'],
    { 'h-1': { installed: false, offered: '' } },
    undefined,
    'apt-get install h-1',
  ],
  ['a kernel that somebody built', 'apt', ['h-1', 'g-1'], {}, undefined, '-'],
  [
    'its second name',
    'apt',
    ['h-1', 'g-1'],
    { 'g-1': { installed: false, offered: '' } },
    undefined,
    'apt-get install g-1',
  ],
  [
    'headers deleted by hand',
    'apt',
    ['h-1'],
    { 'h-1': { installed: true, offered: '' } },
    undefined,
    'apt-get install --reinstall h-1',
  ],
  [
    'the same with dnf',
    'dnf',
    ['h-1'],
    { 'h-1': { installed: true } },
    undefined,
    'dnf reinstall h-1',
  ],
  [
    'the same with zypper',
    'zypper',
    ['h-1'],
    { 'h-1': { installed: true } },
    undefined,
    'zypper install --force h-1',
  ],
  ['the same with pacman', 'pacman', ['h'], { h: { installed: true } }, '6.1-1', 'pacman -S h'],
  ['the same with xbps', 'xbps', ['h'], { h: { installed: true } }, '6.1_1', 'xbps-install -f h'],
  [
    'Arch, up to date',
    'pacman',
    ['h'],
    { h: { installed: false, offered: '6.1-1' } },
    '6.1-1',
    'pacman -S h',
  ],
  [
    'Arch, whose repository is newer',
    'pacman',
    ['h'],
    { h: { installed: false, offered: '6.2-1' } },
    '6.1-1',
    'pacman -Syu h && reboot',
  ],
  [
    'Arch, with a kernel that no package knows the version of',
    'pacman',
    ['h'],
    { h: { installed: false, offered: '6.2-1' } },
    undefined,
    'pacman -S h',
  ],
  [
    'Void, which does not say what it has',
    'xbps',
    ['h'],
    { h: { installed: false, offered: '' } },
    '6.1_1',
    'xbps-install h',
  ],
  [
    'Void, whose repository is newer',
    'xbps',
    ['h'],
    { h: { installed: false, offered: '6.2_1' } },
    '6.1_1',
    'xbps-install -Su h && reboot',
  ],
]

for (const [what, manager, names, states, version, command] of choices)
  test(`what brings headers: ${what}`, () => {
    const source = chooseHeaders(names, (name) => states[name] ?? { installed: false }, version)
    assert.equal(headersCommand(manager, source) ?? '-', command)
  })

test('where nobody has headers nothing brings them', () => {
  assert.deepEqual(
    chooseHeaders(['h'], () => ({ installed: false })),
    { kind: 'none' },
  )
})

for (const [manager, command] of [
  ['apt', 'apt-get update -q && apt-get install h g'],
  ['zypper', 'zypper --non-interactive refresh && zypper install h g'],
  ['dnf', 'dnf install h g'],
] as const)
  test(`before its lists were fetched, ${manager} is told: ${command}`, () => {
    const source: HeadersSource = { kind: 'install', packages: ['h', 'g'], refresh: true }
    assert.equal(headersCommand(manager, source), command)
  })

const kernel = (headers: Partial<Headers>): Kernel => ({
  release: '6.1-1',
  version: '6.1.0',
  running: true,
  installed: true,
  bootable: true,
  headers: { state: 'ok', missing: [], options: new Set(), folder: '/usr/src/h', ...headers },
})

/** What headers are like, and the sentence. */
const states: [Partial<Headers>, string][] = [
  [{ state: 'absent' }, 'Kernel 6.1-1 has no headers.'],
  [{ state: 'dangling' }, '/lib/modules/6.1-1/build leads nowhere: the headers were removed.'],
  [
    { state: 'incomplete', missing: ['Makefile', 'scripts/mod/modpost'] },
    '/usr/src/h lacks Makefile, scripts/mod/modpost.',
  ],
  [
    { state: 'mismatch', release: '6.2', utsRelease: '6.2-2' },
    '/lib/modules/6.1-1/build leads to the headers of 6.2-2.',
  ],
  [{ state: 'mismatch', release: '6.2' }, '/lib/modules/6.1-1/build leads to the headers of 6.2.'],
  [
    { state: 'stale', utsRelease: '6.1-2' },
    "/usr/src/h/include/generated/utsrelease.h is of kernel 6.1-2: modules would be taken for that one's.",
  ],
  [
    { state: 'foreign', architecture: 'aarch64' },
    '/usr/src/h was configured for aarch64, not for this machine.',
  ],
]

for (const [headers, message] of states)
  test(`headers that are ${headers.state}: ${message}`, () => {
    const source: HeadersSource = { kind: 'install', packages: ['h-1'] }
    const { kind, message: found, more } = headersProblem(kernel(headers), 'apt', source) ?? {}
    assert.deepEqual([kind, found, more?.mend], ['headers', message, 'apt-get install h-1'])
  })

test('of headers that are fine nothing is said', () => {
  assert.equal(headersProblem(kernel({}), 'apt', { kind: 'none' }), undefined)
})

/** Where headers would come from, by what package manager; what is said more, and what mends it. */
const sources: [HeadersSource, PackageManager | undefined, string, string][] = [
  [
    { kind: 'upgrade', packages: ['h'], offered: '6.2-1' },
    'pacman',
    ' Those that can be had are of 6.2-1, another kernel: it has to run first.',
    'pacman -Syu h && reboot',
  ],
  [
    { kind: 'none' },
    'apt',
    ' No package has them: who built it has, and /lib/modules/6.1-1/build has to lead there.',
    'ls -l /lib/modules/6.1-1/build',
  ],
  [{ kind: 'reinstall', packages: ['h'] }, 'apt', '', 'apt-get install --reinstall h'],
  [{ kind: 'install', packages: ['h'] }, undefined, '', 'ls -l /lib/modules/6.1-1/build'],
]

for (const [source, manager, more, mend] of sources)
  test(`a kernel without headers, and what mends it: ${mend}`, () => {
    const found = headersProblem(kernel({ state: 'absent' }), manager, source)
    assert.equal(found?.message, `Kernel 6.1-1 has no headers.${more}`)
    assert.equal(found?.more.mend, mend)
  })

test('Debian’s headers are installed again with what their files are spread over', () => {
  assert.deepEqual(
    reinstallSet(
      'linux-headers-6.12.1-amd64',
      'linux-headers-6.12.1-common (= 6.12.1-1), linux-image-6.12.1-amd64 | linux-image-6.12.1-amd64-unsigned, linux-kbuild-6.12.1, gcc-14:amd64, libc6',
    ),
    ['linux-headers-6.12.1-amd64', 'linux-headers-6.12.1-common', 'linux-kbuild-6.12.1'],
  )
  assert.deepEqual(
    reinstallSet('linux-headers-6.8.0-45-generic', 'libc6, linux-headers-6.8.0-45'),
    ['linux-headers-6.8.0-45-generic', 'linux-headers-6.8.0-45'],
  )
})

test('kernels that apt would bring along are found in what it would do', () => {
  const simulation = [
    'Inst linux-headers-6.12.117+deb13-amd64 (6.12.117-1 Debian:13.9/stable [amd64])',
    'Inst linux-image-6.12.117+deb13-amd64 (6.12.117-1 Debian:13.9/stable [amd64])',
    'Inst linux-base (4.12 Debian:13.9/stable [all])',
    'Inst proxmox-kernel-6.17.2-1-pve-signed (6.17.2-1 Proxmox:13/stable [amd64])',
    'Conf linux-image-6.12.117+deb13-amd64 (6.12.117-1 Debian:13.9/stable [amd64])',
  ].join('\n')
  assert.deepEqual(kernelsIn(simulation), [
    'linux-image-6.12.117+deb13-amd64',
    'proxmox-kernel-6.17.2-1-pve-signed',
  ])
})

for (const [said, name, version] of [
  ['linux6.6-6.6.63_1: /boot/vmlinuz-6.6.63_1 (regular file)', 'linux6.6', '6.6.63_1'],
  ['/boot/vmlinuz-virt is owned by linux-virt-6.12.50-r0', 'linux-virt', '6.12.50-r0'],
] as const)
  test(`the owner in "${said}"`, () => {
    assert.deepEqual(splitNameVersion(said), { package: name, version })
  })
