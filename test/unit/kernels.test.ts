import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Failure } from '../../scripts/run/failure.ts'
import { danglingEntries, findRivals, readDkms } from '../../scripts/system/dkms.ts'
import { checkRelease, installedKernels, readHeaders } from '../../scripts/system/kernels.ts'
import { findDevices, readEnforcement, readSysfs } from '../../scripts/system/machine.ts'
import { findModules, type LoadedModule, modulesToExchange } from '../../scripts/system/modules.ts'
import { Tree } from '../support/tree.ts'

/** The system that a test is about: a new one for each, for a test may be run again. */
let root = ''

const onNewSystem = (name: string, run: () => void) =>
  test(name, () => {
    root = new Tree().root
    run()
  })

function put(path: string, text: string | Buffer = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const config = [
  'CONFIG_CC_VERSION_TEXT="x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0"',
  'CONFIG_GCC_VERSION=140200',
  'CONFIG_X86_64=y',
  'CONFIG_VIRTIO=m',
  'CONFIG_OBJTOOL=y',
  '# CONFIG_PCI is not set',
].join('\n')

const needed = [
  ...['Makefile', 'Module.symvers', 'scripts/basic/fixdep', 'scripts/mod/modpost'],
  'tools/objtool/objtool',
]

function putHeaders(
  release: string,
  is: { config?: string; release?: string; uts?: string; lacks?: string } = {},
): void {
  const folder = `/usr/src/headers-${release}`
  for (const file of needed) if (file !== is.lacks) put(`${folder}/${file}`)
  put(`${folder}/include/generated/utsrelease.h`, `#define UTS_RELEASE "${is.uts ?? release}"\n`)
  put(`${folder}/.config`, is.config ?? config)
  put(`${folder}/include/config/kernel.release`, `${is.release ?? release}\n`)
  mkdirSync(join(root, 'lib/modules', release), { recursive: true })
  symlinkSync(join(root, folder), join(root, 'lib/modules', release, 'build'))
}

onNewSystem('whole headers are told with their compiler and options', () => {
  putHeaders('6.12.1-a')
  const headers = readHeaders('6.12.1-a', 'x86_64', root)
  assert.equal(headers.state, 'ok')
  assert.equal(headers.compiler, 'x86_64-linux-gnu-gcc-14')
  assert.equal(headers.compilerVersion, '14.2.0')
  assert.ok(headers.options.has('CONFIG_VIRTIO') && !headers.options.has('CONFIG_PCI'))
})

for (const lacks of needed)
  onNewSystem(`headers without ${lacks} are incomplete`, () => {
    const release = `6.12.2-${needed.indexOf(lacks)}`
    putHeaders(release, { lacks })
    const { state, missing } = readHeaders(release, 'x86_64', root)
    assert.deepEqual([state, missing], ['incomplete', [lacks]])
  })

onNewSystem('objtool is asked for only where the kernel was built with it', () => {
  putHeaders('4.14.1-a', { config: 'CONFIG_X86_64=y', lacks: 'tools/objtool/objtool' })
  assert.equal(readHeaders('4.14.1-a', 'x86_64', root).state, 'ok')
})

onNewSystem('headers that would mark modules as another kernel’s are stale', () => {
  putHeaders('6.12.7-a', { uts: '6.12.7-b' })
  const { state, utsRelease } = readHeaders('6.12.7-a', 'x86_64', root)
  assert.deepEqual([state, utsRelease], ['stale', '6.12.7-b'])
})

onNewSystem('whose headers they are is told by what modules would be marked with', () => {
  putHeaders('5.10.0-46-amd64', { release: '5.10.262', uts: '5.10.0-46-amd64' })
  assert.equal(readHeaders('5.10.0-46-amd64', 'x86_64', root).state, 'ok')
})

onNewSystem('headers of another kernel or machine are told apart', () => {
  putHeaders('6.12.3-a', { release: '6.12.9-b', uts: '6.12.9-b' })
  assert.equal(readHeaders('6.12.3-a', 'x86_64', root).state, 'mismatch')
  putHeaders('6.12.4-a', { config: 'CONFIG_ARM64=y' })
  assert.equal(readHeaders('6.12.4-a', 'x86_64', root).state, 'foreign')
})

onNewSystem('a dangling build link is not a missing one', () => {
  mkdirSync(join(root, 'lib/modules/6.12.5-a'), { recursive: true })
  assert.equal(readHeaders('6.12.5-a', 'x86_64', root).state, 'absent')
  symlinkSync('/nowhere', join(root, 'lib/modules/6.12.5-a/build'))
  assert.equal(readHeaders('6.12.5-a', 'x86_64', root).state, 'dangling')
})

onNewSystem('kernels are ordered by number, not by letter', () => {
  for (const release of ['6.1.0-9-x', '6.1.0-10-x', '5.10.0-46-x'])
    mkdirSync(join(root, 'lib/modules', release), { recursive: true })
  const releases = installedKernels(root)
    .map((kernel) => kernel.release)
    .filter((name) => name.endsWith('-x'))
  assert.deepEqual(releases, ['5.10.0-46-x', '6.1.0-9-x', '6.1.0-10-x'])
})

for (const release of [
  '../../etc',
  '6.1;reboot',
  '6.1 x',
  '6.1$(id)',
  '6.1/..',
  '6.1..',
  "6.1'",
  '',
  '-k',
  'latest',
])
  onNewSystem(`${JSON.stringify(release)} is no kernel release`, () => {
    assert.throws(
      () => checkRelease(release),
      (error: Failure) => error.kind === 'kernel',
    )
  })

onNewSystem('the dkms tree tells versions, builds and what dangles', () => {
  put('/usr/src/m-1.0/dkms.conf')
  put('/var/lib/dkms/m/1.0/6.1/x86_64/module/a.ko')
  put('/var/lib/dkms/m/1.0/7.3/x86_64/module/a.ko')
  symlinkSync(join(root, 'usr/src/m-1.0'), join(root, 'var/lib/dkms/m/1.0/source'))
  symlinkSync('1.0/6.1/x86_64', join(root, 'var/lib/dkms/m/kernel-6.1-x86_64'))
  mkdirSync(join(root, 'var/lib/dkms/other/2.0'), { recursive: true })
  symlinkSync('/nowhere', join(root, 'var/lib/dkms/other/2.0/source'))
  assert.deepEqual(readDkms('m', root), [
    {
      version: '1.0',
      source: true,
      builds: [
        { release: '6.1', architecture: 'x86_64', state: 'installed' },
        { release: '7.3', architecture: 'x86_64', state: 'built' },
      ],
    },
  ])
  assert.deepEqual(danglingEntries(root), ['/var/lib/dkms/other/2.0'])
})

onNewSystem('other packages of dkms with modules of these names are found, by kernel', () => {
  put('/usr/src/rival-0.1/dkms.conf')
  put('/var/lib/dkms/rival/0.1/6.1/x86_64/module/m-m.ko.xz')
  put('/var/lib/dkms/rival/0.2/6.1/x86_64/module/mm.ko')
  put('/var/lib/dkms/ours/1.0/6.1/x86_64/module/m_m.ko')
  assert.deepEqual(findRivals('ours', ['m_m'], root), [
    { name: 'rival', version: '0.1', releases: ['6.1'] },
  ])
})

/** What is loaded, whether this installation brought new files, and what is to be done. */
const exchanges: [string, LoadedModule[], boolean, string][] = [
  ['nothing', [], true, 'load'],
  [
    'this version',
    [
      { name: 'a', version: '1.0' },
      { name: 'b', version: '1.0' },
    ],
    true,
    'nothing',
  ],
  ['half', [{ name: 'a', version: '1.0' }], false, 'load'],
  [
    'an older one',
    [
      { name: 'a', version: '0.9' },
      { name: 'b', version: '1.0' },
    ],
    true,
    'load, a',
  ],
  ['none that tells', [{ name: 'a' }, { name: 'b' }], false, 'nothing'],
  ['none that tells, replaced', [{ name: 'a' }, { name: 'b' }], true, 'load, b a'],
]

for (const [what, loaded, replaced, expected] of exchanges)
  test(`what of the loaded modules is exchanged: ${what}`, () => {
    const { load, unload } = modulesToExchange(['a', 'b'], loaded, '1.0', replaced)
    const done = [...(load ? ['load'] : []), ...(unload.length > 0 ? [unload.join(' ')] : [])]
    assert.equal(done.join(', ') || 'nothing', expected)
  })

onNewSystem('modules are found in any place but the kernel’s own, compressed or not', () => {
  for (const file of ['extra/a_b.ko', 'updates/dkms/a_b.ko.xz', 'kernel/a_b.ko', 'extra/ba_b.ko'])
    put(`/lib/modules/6.9/${file}`)
  assert.deepEqual(findModules('6.9', ['a-b'], root), [
    '/lib/modules/6.9/extra/a_b.ko',
    '/lib/modules/6.9/updates/dkms/a_b.ko.xz',
  ])
})

onNewSystem('a device is found by the beginning of its modalias', () => {
  put(
    '/sys/bus/pci/devices/0000:00:05.0/modalias',
    'pci:v00000B5Dd00000777sv00000B5Dsd0000FFFFbc07sc80i00\n',
  )
  put('/sys/bus/pci/devices/0000:00:01.0/modalias', 'pci:v00001AF4d00001000\n')
  assert.deepEqual(findDevices('pci:v00000B5Dd00000777*', root), [
    '/sys/bus/pci/devices/0000:00:05.0',
  ])
})

onNewSystem('sysfs values are read through a star', () => {
  put('/sys/bus/virtio/drivers/d/virtio3/vmmci/drift_ns', '-42\n')
  assert.equal(readSysfs('/sys/bus/virtio/drivers/d/virtio*/vmmci/drift_ns', root), '-42')
})

onNewSystem('Secure Boot, lockdown and enforcement are told apart', () => {
  assert.deepEqual(readEnforcement(root), { enforced: false })
  put(
    '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c',
    Buffer.from([6, 0, 0, 0, 1]),
  )
  put('/sys/kernel/security/lockdown', 'none [integrity] confidentiality\n')
  assert.deepEqual(readEnforcement(root), {
    enforced: true,
    secureBoot: true,
    lockdown: 'integrity',
  })
})
