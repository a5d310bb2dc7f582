import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { modulesToExchange } from '../../scripts/install/exchange.ts'
import {
  danglingEntries,
  findRivals,
  parseDkmsVersion,
  readDkms,
  sourceFolders,
} from '../../scripts/system/dkms.ts'
import {
  checkRelease,
  describeKernel,
  installedKernels,
  readHeaders,
  readKernel,
  runningRelease,
  sameArchitecture,
} from '../../scripts/system/kernels.ts'
import { findDevices, readEnforcement, readSysfs } from '../../scripts/system/machine.ts'
import { findModules, type LoadedModule } from '../../scripts/system/modules.ts'
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
  const { options, folder, ...rest } = headers
  assert.ok(folder?.endsWith('/usr/src/headers-6.12.1-a'))
  assert.deepEqual(rest, {
    state: 'ok',
    missing: [],
    compiler: 'x86_64-linux-gnu-gcc-14',
    compilerVersion: '14.2.0',
    architecture: 'x86_64',
    release: '6.12.1-a',
    utsRelease: '6.12.1-a',
  })
  assert.ok(options.has('CONFIG_VIRTIO') && !options.has('CONFIG_PCI'))
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

onNewSystem('before 4.15 the option that asks for objtool had another name', () => {
  const config = 'CONFIG_X86_64=y\nCONFIG_STACK_VALIDATION=y'
  putHeaders('4.14.1-a', { config, lacks: 'tools/objtool/objtool' })
  assert.deepEqual(readHeaders('4.14.1-a', 'x86_64', root).missing, ['tools/objtool/objtool'])
})

onNewSystem('headers that say nothing of themselves are taken as they are', () => {
  for (const file of needed) put(`/lib/modules/6.12.1-a/build/${file}`)
  put('/lib/modules/6.12.1-a/build/.config')
  const { folder: _, options, ...rest } = readHeaders('6.12.1-a', 'x86_64', root)
  assert.deepEqual([rest, options.size], [{ state: 'ok', missing: [] }, 0])
})

onNewSystem('an empty folder of headers lacks all that a build begins with', () => {
  mkdirSync(join(root, 'lib/modules/6.12.1-a/build'), { recursive: true })
  assert.deepEqual(readHeaders('6.12.1-a', 'x86_64', root).missing, [
    ...['Makefile', '.config', 'Module.symvers', 'scripts/basic/fixdep', 'scripts/mod/modpost'],
  ])
})

for (const [a, b, same] of [
  ['i686', 'i386', true],
  ['i586', 'i686', true],
  ['x86_64', 'x86_64', true],
  ['x86_64', 'i686', false],
  ['i786', 'i686', false],
  ['i686-mine', 'i686', false],
  ['mini686', 'minii686', false],
] as const)
  test(`${a} and ${b} are ${same ? 'one' : 'two'}`, () =>
    assert.equal(sameArchitecture(a, b), same))

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
  const nothing = { state: 'absent', missing: [], options: new Set() }
  assert.deepEqual(readHeaders('6.12.5-a', 'x86_64', root), nothing)
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

onNewSystem('a kernel is told with what of it is here', () => {
  put('/lib/modules/6.12.117+deb13-amd64/kernel/x.ko')
  mkdirSync(join(root, 'lib/modules/6.1-left/updates'), { recursive: true })
  const told = (release: string) => {
    const { headers: _, ...rest } = readKernel(release, root)
    return rest
  }
  assert.deepEqual(told('6.12.117+deb13-amd64'), {
    ...{ release: '6.12.117+deb13-amd64', version: '6.12.117' },
    ...{ running: false, installed: true, bootable: true },
  })
  assert.deepEqual(told('6.1-left'), {
    ...{ release: '6.1-left', version: '6.1.0' },
    ...{ running: false, installed: true, bootable: false },
  })
  assert.deepEqual(told('6.2'), {
    ...{ release: '6.2', version: '6.2.0' },
    ...{ running: false, installed: false, bootable: false },
  })
  assert.equal(describeKernel(runningRelease(), root).running, true)
  assert.equal(describeKernel('mine', root).version, '0.0.0')
})

onNewSystem('what is no kernel release is no installed kernel', () => {
  for (const name of ['6.1', '10.12.3-x_y~z+1', '6.1 x', '6.1..', 'x6.1', 'build', '6'])
    mkdirSync(join(root, 'lib/modules', name), { recursive: true })
  const releases = installedKernels(root).map(({ release }) => release)
  assert.deepEqual(releases, ['6.1', '10.12.3-x_y~z+1'])
})

onNewSystem('where there are no modules there is no kernel', () => {
  assert.deepEqual(installedKernels(root), [])
})

for (const release of ['6.1', '10.12.3-x_y~z+1', '6.12.117+deb13-amd64', '5.10'])
  test(`${release} is a kernel release`, () => assert.equal(checkRelease(release), release))

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
  'x6.1',
])
  onNewSystem(`${JSON.stringify(release)} is no kernel release`, () => {
    assert.throws(() => checkRelease(release), {
      name: 'Failure',
      kind: 'kernel',
      message: `${JSON.stringify(release)} is not a kernel release.`,
      more: { mend: 'ls /lib/modules' },
    })
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

onNewSystem('what else is in the dkms tree is no entry', () => {
  const at = '/var/lib/dkms/m'
  for (const version of ['1.0', '0.9'])
    for (const release of ['6.9', '6.10', '6.8'])
      put(`${at}/${version}/${release}/x86_64/log/make.log`)
  // While it builds, beside a version, and what it saved of a distribution's module.
  put(`${at}/1.0/build/aarch64/x`)
  put(`${at}/1.0/source/aarch64/x`)
  put(`${at}/1.0/note`)
  put(`${at}/original_module/6.8/x86_64/a.ko`)
  put('/var/lib/dkms/dkms_dbversion')
  symlinkSync('0.9/6.8/x86_64', join(root, `${at}/kernel-6.8-x86_64`))
  symlinkSync('gone', join(root, `${at}/kernel-6.9-x86_64`))
  assert.deepEqual(
    readDkms('m', root).map(({ version, source, builds }) => [
      version,
      source,
      builds.map(({ release, state }) => `${release} ${state}`),
    ]),
    [
      ['0.9', false, ['6.10 built', '6.8 installed', '6.9 built']],
      ['1.0', true, ['6.10 built', '6.8 built', '6.9 built']],
    ],
  )
  assert.deepEqual(danglingEntries(root), [`${at}/0.9`])
  assert.deepEqual(readDkms('nobody', root), [])
})

onNewSystem('source trees of a package, and none of those whose names begin alike', () => {
  put('/usr/src/hello-1.0/hello.c')
  put('/usr/src/hello-git20/dkms.conf', "PACKAGE_NAME='hello'\n")
  put('/usr/src/hello-2-1.0/dkms.conf', 'PACKAGE_NAME="hello-2"\n')
  put('/usr/src/hello-3/dkms.conf', 'PACKAGE_NAME="$NAME"\n')
  put('/usr/src/hello-world-1.0/dkms.conf', 'PACKAGE_NAME=hello-world\n')
  put('/usr/src/hello-headers/Makefile')
  assert.deepEqual(sourceFolders('hello', root), [
    '/usr/src/hello-1.0',
    '/usr/src/hello-3',
    '/usr/src/hello-git20',
  ])
  assert.deepEqual(sourceFolders('hello-2', root), ['/usr/src/hello-2-1.0'])
})

for (const [says, version] of [
  ['dkms-3.2.2', '3.2.2'],
  ['dkms: 2.8.8', '2.8.8'],
  ['dkms:2.8', '2.8.0'],
  ['no version', undefined],
] as const)
  test(`dkms's version in "${says}"`, () => assert.equal(parseDkmsVersion(says), version))

onNewSystem('other packages of dkms with modules of these names are found, by kernel', () => {
  put('/usr/src/rival-0.1/dkms.conf')
  put('/var/lib/dkms/rival/0.1/6.1/x86_64/module/m-m.ko.xz')
  put('/var/lib/dkms/rival/0.1/6.2/x86_64/module/m_m.kosher.ko')
  put('/var/lib/dkms/rival/0.1/6.3/x86_64/module/note')
  put('/var/lib/dkms/rival/0.1/6.3/x86_64/module/m-m.ko')
  put('/var/lib/dkms/rival/0.2/6.1/x86_64/module/mm.ko')
  put('/var/lib/dkms/file')
  put('/var/lib/dkms/ours/1.0/6.1/x86_64/module/m_m.ko')
  assert.deepEqual(findRivals('ours', ['m_m'], root), [
    { name: 'rival', version: '0.1', releases: ['6.1', '6.3'] },
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
  [
    'none of which a version is said',
    [{ name: 'a' }, { name: 'b', version: '7' }],
    false,
    'nothing',
  ],
  ['the same, replaced', [{ name: 'a' }, { name: 'b', version: '7' }], true, 'load, b a'],
]

for (const [what, loaded, replaced, expected] of exchanges)
  test(`what of the loaded modules is exchanged: ${what}`, () => {
    const modules = loaded.every(({ version }) => version)
      ? [
          { name: 'a', version: '{version}' },
          { name: 'b', version: '1\\..*' },
        ]
      : [{ name: 'a' }, { name: 'b' }]
    const { load, unload } = modulesToExchange({ modules, version: '1.0' }, loaded, replaced)
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
