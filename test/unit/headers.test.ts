import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  chooseHeaders,
  headersCommand,
  headersOfImage,
  kernelsIn,
  type PackageState,
  reinstallSet,
} from '../../scripts/install/headers.ts'
import type { PackageManager } from '../../scripts/install/packages.ts'
import { insideContainer } from '../../scripts/system/container.ts'
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
  ['apt', 'memtest86+', '', '-'],
  ['dnf', 'kernel-core', '6.17.1-300.fc43.x86_64', 'kernel-devel-6.17.1-300.fc43.x86_64'],
  ['dnf', 'kernel', '3.10.0-1160.el7.x86_64', 'kernel-devel-3.10.0-1160.el7.x86_64'],
  ['dnf', 'kernel-rt-core', '5.14.0-570.el9.x86_64', 'kernel-rt-devel-5.14.0-570.el9.x86_64'],
  ['dnf', 'kernel-uek-core', '6.12.0-1.el9uek.x86_64', 'kernel-uek-devel-6.12.0-1.el9uek.x86_64'],
  ['dnf', 'kernel-ml-core', '6.17.8-1.el9.x86_64', 'kernel-ml-devel-6.17.8-1.el9.x86_64'],
  ['dnf', 'kernel6.12', '6.12.40-1.amzn2023.x86_64', 'kernel6.12-devel-6.12.40-1.amzn2023.x86_64'],
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
  ['xbps', 'linux6.6', '6.6.63_1', 'linux6.6-headers'],
  ['apk', 'linux-virt', '6.12.50-r0', 'linux-virt-dev'],
]

for (const [manager, image, version, headers] of images)
  test(`the headers of ${image}, by ${manager}`, () => {
    assert.equal(headersOfImage({ package: image, manager, version }) ?? '-', headers)
  })

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

test('a container is known by what its manager leaves in it', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
  t.after(() => rmSync(root, { recursive: true }))
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  assert.equal(insideContainer(root), false)
  put('/proc/1/environ', 'PATH=/bin\0mycontainer=no\0')
  assert.equal(insideContainer(root), false)
  put('/proc/1/environ', 'PATH=/bin\0container=lxc\0')
  assert.equal(insideContainer(root), true)
  rmSync(join(root, '/proc'), { recursive: true })
  put('/run/systemd/container', 'systemd-nspawn\n')
  assert.equal(insideContainer(root), true)
})
