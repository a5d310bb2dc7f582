import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import {
  findDistribution,
  headerPackages,
  installCommand,
  parseOsRelease,
} from '../../scripts/install/packages.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'

const { distributions } = loadManifest(ownManifest)

/**
 * os-release, kernel release, headers, metapackage: = where both are one, - where the kernel is not
 * the distribution's.
 */
const table: [string, string, string, string][] = [
  [
    'ID=debian\nVERSION_ID="13"',
    '6.12.117+deb13-amd64',
    'linux-headers-6.12.117+deb13-amd64',
    'linux-headers-amd64',
  ],
  [
    'ID=debian\nVERSION_ID="13"',
    '6.12.117+deb13-cloud-amd64',
    'linux-headers-6.12.117+deb13-cloud-amd64',
    'linux-headers-cloud-amd64',
  ],
  [
    'ID=debian\nVERSION_ID="12"',
    '6.1.0-50-rt-amd64',
    'linux-headers-6.1.0-50-rt-amd64',
    'linux-headers-rt-amd64',
  ],
  [
    'ID=debian\nVERSION_ID="12"',
    '6.1.0-50-686-pae',
    'linux-headers-6.1.0-50-686-pae',
    'linux-headers-686-pae',
  ],
  ['ID=debian\nVERSION_ID="13"', '6.18.44-custom', '-', '-'],
  [
    'ID=debian\nVERSION_ID="13"',
    '6.17.2-1-pve',
    'proxmox-headers-6.17.2-1-pve',
    'proxmox-default-headers',
  ],
  ['ID=debian\nVERSION_ID="11"', '5.15.158-2-pve', 'pve-headers-5.15.158-2-pve', 'pve-headers'],
  [
    'ID=debian\nVERSION_ID="13"',
    '6.17.9-1-liquorix-amd64',
    'linux-headers-6.17.9-1-liquorix-amd64',
    'linux-headers-liquorix-amd64',
  ],
  [
    'ID=debian\nVERSION_ID="13"',
    '6.12.47+rpt-rpi-v8',
    'linux-headers-6.12.47+rpt-rpi-v8',
    'linux-headers-rpi-v8',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.0-45-generic',
    'linux-headers-6.8.0-45-generic',
    'linux-headers-generic',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.14.0-33-generic',
    'linux-headers-6.14.0-33-generic',
    'linux-headers-generic-hwe-24.04',
  ],
  [
    'ID=ubuntu\nVERSION_ID="22.04"',
    '6.8.0-45-generic',
    'linux-headers-6.8.0-45-generic',
    'linux-headers-generic-hwe-22.04',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.0-1012-oem',
    'linux-headers-6.8.0-1012-oem',
    'linux-headers-oem-24.04',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.0-1015-aws',
    'linux-headers-6.8.0-1015-aws',
    'linux-headers-aws',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.1-1015-realtime',
    'linux-headers-6.8.1-1015-realtime',
    'linux-headers-realtime',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.8.0-45-generic-64k',
    'linux-headers-6.8.0-45-generic-64k',
    'linux-headers-generic-64k',
  ],
  [
    'ID=ubuntu\nVERSION_ID="24.04"',
    '6.11.0-1015-azure-fde',
    'linux-headers-6.11.0-1015-azure-fde',
    'linux-headers-azure-fde',
  ],
  [
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"',
    '6.8.0-45-generic',
    'linux-headers-6.8.0-45-generic',
    'linux-headers-generic',
  ],
  [
    'ID=fedora\nVERSION_ID=43',
    '6.17.1-300.fc43.x86_64',
    'kernel-devel-6.17.1-300.fc43.x86_64',
    'kernel-devel',
  ],
  [
    'ID=fedora\nVERSION_ID=43',
    '6.17.1-300.fc43.aarch64+16k',
    'kernel-16k-devel-6.17.1-300.fc43.aarch64',
    'kernel-16k-devel',
  ],
  [
    'ID="rhel"\nVERSION_ID="9.6"',
    '5.14.0-570.el9.x86_64+rt',
    'kernel-rt-devel-5.14.0-570.el9.x86_64',
    'kernel-rt-devel',
  ],
  [
    'ID="rhel"\nVERSION_ID="8.10"',
    '4.18.0-553.rt7.342.el8_10.x86_64',
    'kernel-rt-devel-4.18.0-553.rt7.342.el8_10.x86_64',
    'kernel-rt-devel',
  ],
  [
    'ID="ol"\nVERSION_ID="9.6"',
    '6.12.0-103.40.4.el9uek.x86_64',
    'kernel-uek-devel-6.12.0-103.40.4.el9uek.x86_64',
    'kernel-uek-devel',
  ],
  ['ID="rocky"\nVERSION_ID="9.6"', '6.17.8-1.el9.elrepo.x86_64', '-', '-'],
  [
    'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"',
    '5.14.0-570.el9.x86_64',
    'kernel-devel-5.14.0-570.el9.x86_64',
    'kernel-devel',
  ],
  [
    'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"',
    '6.4.0-150600.21-default',
    'kernel-default-devel',
    'kernel-default-devel',
  ],
  ['ID=arch', '6.17.5-arch1-1', 'linux-headers', '='],
  ['ID=arch', '6.12.58-1-lts', 'linux-lts-headers', '='],
  ['ID=arch', '6.17.5-zen1-1-zen', 'linux-zen-headers', '='],
  ['ID=arch', '6.16.12-hardened1-1-hardened', 'linux-hardened-headers', '='],
  ['ID=arch', '6.17.5-rt7-arch1-1-rt', 'linux-rt-headers', '='],
  ['ID=arch', '6.12.57-rt14-1-rt-lts', 'linux-rt-lts-headers', '='],
  ['ID=arch', '6.17.7-lqx1-1-lqx', 'linux-lqx-headers', '='],
  ['ID=arch', '6.17.5-mine', '-', '-'],
  ['ID=endeavouros\nID_LIKE=arch', '6.17.5-arch1-1', 'linux-headers', '='],
  ['ID=manjaro\nID_LIKE=arch', '6.12.108-1-MANJARO', 'linux612-headers', '='],
  ['ID=manjaro\nID_LIKE=arch', '5.15.65-1-rt49-MANJARO', 'linux515-rt-headers', '='],
  ['ID=cachyos\nID_LIKE=arch', '6.17.5-2-cachyos', 'linux-cachyos-headers', '='],
  ['ID=cachyos\nID_LIKE=arch', '6.12.57-2-cachyos-lts', 'linux-cachyos-lts-headers', '='],
  ['ID=cachyos\nID_LIKE=arch', '6.17.5-2-cachyos-rt-bore', 'linux-cachyos-rt-bore-headers', '='],
  ['ID=cachyos\nID_LIKE=arch', '6.17.5-zen1-1-zen', 'linux-zen-headers', '='],
  ['ID=void', '6.6.63_1', 'linux6.6-headers', 'linux-headers'],
  ['ID=alpine\nVERSION_ID=3.22.1', '6.12.50-0-virt', 'linux-virt-dev', 'linux-virt-dev'],
  ['ID=alpine\nVERSION_ID=3.22.1', '6.12.50-0-lts', 'linux-lts-dev', 'linux-lts-dev'],
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
