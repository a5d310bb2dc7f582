import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readChrony } from '../../scripts/system/chrony.ts'
import { readClock } from '../../scripts/system/clock.ts'
import { enrolledKeys, hasEfi, pendingKeys } from '../../scripts/system/efi.ts'
import { parseDmesg } from '../../scripts/system/kernel-log.ts'
import {
  boundDevices,
  findDevices,
  findSysfs,
  freeSpace,
  readEnforcement,
  readOsRelease,
  readSysfs,
  showEnforcement,
} from '../../scripts/system/machine.ts'
import {
  findModules,
  hasAlias,
  loadedModules,
  moduleInfo,
  parseModinfo,
} from '../../scripts/system/modules.ts'
import { Tree } from '../support/tree.ts'

test('os-release is where os-release(5) says, /etc first', () => {
  const tree = new Tree({ '/usr/lib/os-release': 'ID=arch\n' })
  assert.equal(readOsRelease(tree.root).id, 'arch')
  tree.put('/etc/os-release', 'ID=debian\n')
  assert.equal(readOsRelease(tree.root).id, 'debian')
  assert.deepEqual(readOsRelease(new Tree().root), {
    id: '',
    idLike: [],
    versionId: '',
    codename: '',
    prettyName: 'this system',
  })
})

test('devices by modalias and by driver', () => {
  const tree = new Tree({
    '/sys/bus/pci/devices/0000:00:05.0/modalias': 'pci:v0Bd07sv1\n',
    '/sys/bus/pci/devices/0000:00:06.0/modalias': 'pci:v0Bd08\n',
    '/sys/bus/pci/drivers/some/0000:00:05.0/modalias': 'pci:v0Bd07sv1\n',
    '/sys/bus/pci/drivers/some/bind': '',
  })
  assert.deepEqual(findDevices('pci:v0Bd07*', tree.root), ['/sys/bus/pci/devices/0000:00:05.0'])
  assert.deepEqual(findDevices('usb:v0Bd07*', tree.root), [])
  assert.deepEqual(boundDevices('pci/some', tree.root), ['0000:00:05.0'])
  assert.deepEqual(boundDevices('pci/other', tree.root), [])
})

test('a star stands for any part of one name, and for nothing else', () => {
  const tree = new Tree({
    '/sys/a/v1/x': '1\n',
    '/sys/a/v22/x': '2\n',
    '/sys/a/w/x': '3\n',
    '/sys/a/v.1/y': '4\n',
    '/sys/a/vx1/y': '5\n',
    '/sys/a/av1/x': '6\n',
  })
  const found = (path: string) =>
    findSysfs(path, tree.root)
      .map((file) => file.slice(tree.root.length))
      .sort()
  assert.deepEqual(found('/sys/a/v*/x'), ['/sys/a/v1/x', '/sys/a/v22/x'])
  assert.deepEqual(found('/sys/a/v.*/y'), ['/sys/a/v.1/y'])
  assert.deepEqual(found('/sys/a/*1/x'), ['/sys/a/av1/x', '/sys/a/v1/x'])
  assert.deepEqual(found('/sys/a/w/x'), ['/sys/a/w/x'])
  assert.deepEqual(found('/sys/b/*'), [])
  assert.equal(readSysfs('/sys/a/w/x', tree.root), '3')
  assert.equal(readSysfs('/sys/a/w', tree.root), undefined)
  assert.equal(readSysfs('/sys/a/*/y', tree.root) !== undefined, true)
  assert.deepEqual(findSysfs('/'), ['/'])
})

const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
const enforce = '/sys/module/module/parameters/sig_enforce'
const lockdown = '/sys/kernel/security/lockdown'
const nothing = 'no Secure Boot and no enforcement: nothing needs doing'

const machines: [string, Record<string, string | Buffer>, object, string][] = [
  ['vmd', {}, { enforced: false }, nothing],
  ['a strict one', { [enforce]: 'Y\n' }, { enforced: true }, 'none, lockdown none, only signed'],
  ['a lax one', { [enforce]: 'N\n' }, { enforced: false }, nothing],
  [
    'Secure Boot off',
    { [variable]: Buffer.from([6, 0, 0, 0, 0]), [lockdown]: '[none] integrity\n' },
    { enforced: false, secureBoot: false, lockdown: 'none' },
    'Secure Boot off, lockdown none, no enforcement',
  ],
  [
    'Secure Boot on',
    { [variable]: Buffer.from([6, 0, 0, 0, 1]), [lockdown]: 'none integrity [confidentiality]\n' },
    { enforced: true, secureBoot: true, lockdown: 'confidentiality' },
    'Secure Boot on, lockdown confidentiality, only signed modules',
  ],
]

for (const [what, files, is, says] of machines)
  test(`what ${what} wants of modules`, () => {
    const enforcement = readEnforcement(new Tree(files).root)
    assert.deepEqual(enforcement, is)
    assert.ok(showEnforcement(enforcement).includes(says), showEnforcement(enforcement))
  })

test('free space is told of where a path would be', () => {
  const { root } = new Tree()
  const free = freeSpace(root)
  assert.ok(free > 4096)
  assert.ok(Math.abs(freeSpace(`${root}/not/there`) - free) < free / 2)
})

const shim = '605dab50-e046-4300-abb6-3dd810dd8b23'

test('enrolled and pending keys are shim’s variables', () => {
  const certificate = Buffer.from('certificate')
  const header = Buffer.alloc(28)
  Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex').copy(header)
  header.writeUInt32LE(28 + 16 + certificate.length, 16)
  header.writeUInt32LE(16 + certificate.length, 24)
  const list = Buffer.concat([Buffer.alloc(4, 6), header, Buffer.alloc(16), certificate])
  const at = (name: string) => ({ [`/sys/firmware/efi/efivars/${name}-${shim}`]: list })
  const enrolled = new Tree(at('MokListRT'))
  const pending = new Tree(at('MokNew'))
  assert.deepEqual(enrolledKeys(enrolled.root), [certificate])
  assert.deepEqual(pendingKeys(enrolled.root), [])
  assert.deepEqual(pendingKeys(pending.root), [certificate])
  assert.deepEqual(enrolledKeys(pending.root), [])
  assert.deepEqual([hasEfi(pending.root), hasEfi(new Tree().root)], [true, false])
})

test('a variable that cannot be read is none', () => {
  const tree = new Tree({ [`/sys/firmware/efi/efivars/MokNew-${shim}/x`]: '' })
  assert.deepEqual(pendingKeys(tree.root), [])
})

test('what dmesg leaves out of its time is no line', () => {
  assert.deepEqual(parseDmesg('[    0.000000]\n[x] no\n[1.23] short\n at [    0.000001] y'), {
    lines: [{ sequence: 0, text: '' }],
    wrapped: false,
  })
  assert.deepEqual(parseDmesg(''), { lines: [], wrapped: false })
  assert.deepEqual(parseDmesg('<12>[  7.000001][ C1]  two spaces').lines, [
    { sequence: 7000001, text: ' two spaces' },
  ])
})

test('chrony’s words: comments in all its ways, directives in any case, the first folder', () => {
  const chrony = (text: string) => readChrony(new Tree({ '/etc/chrony.conf': text }).root)
  for (const mark of ['#', '!', ';', '%', '  #'])
    assert.equal(chrony(`${mark} confdir /no\nCONFDIR  /yes\n`)?.folder, '/yes')
  assert.equal(chrony('  confdir /a\nconfdir /b\n')?.folder, '/a')
  assert.equal(chrony('confdir\ninclude /x.conf\nInclude /c/*.conf\n')?.folder, '/c')
  assert.equal(chrony('include /c/*.conf.d\ninclude /d/a*.conf\n')?.folder, undefined)
  const read = chrony('rtcsync\nconfdir /a\n# makestep 1\n  MakeStep 2 3\nmakestep 4 5\n')
  assert.equal(read?.main, '/etc/chrony.conf')
  assert.equal(read?.overrides('makestep'), '  MakeStep 2 3')
  assert.equal(read?.overrides('rtcsync'), undefined)
})

const device = '/sys/bus/b/drivers/d/dev*'
const clockProject = {
  clock: {
    ...{ device, ptp: 'ptp/ptp*', drift: 'v/drift', uncertainty: 'v/doubt', hostTime: 'v/time' },
    ...{ error: 'v/error', disciplined: 'v/disciplined' },
    counts: [
      { label: 'syncs', path: 'v/syncs' },
      { label: 'absent', path: 'v/absent' },
    ],
  },
} as never

test('a clock as its driver tells it', () => {
  const at = '/sys/bus/b/drivers/d/dev3'
  const tree = new Tree({
    [`${at}/ptp/ptp1/clock_name`]: '',
    [`${at}/v/drift`]: '-42\n',
    [`${at}/v/doubt`]: '7\n',
    [`${at}/v/time`]: '100.5\n',
    [`${at}/v/error`]: '34\n',
    [`${at}/v/disciplined`]: '1\n',
    [`${at}/v/syncs`]: '12\n',
    '/proc/7/comm': 'chronyd\n',
  })
  assert.deepEqual(readClock(clockProject, tree.root), {
    ptp: '/dev/ptp1',
    driftNs: -42,
    uncertaintyNs: 7,
    hostTime: 100.5,
    error: 'ERANGE',
    disciplined: true,
    daemons: ['chronyd'],
    counts: { syncs: 12, absent: 0 },
  })
})

test('a clock that was not measured yet, and none', () => {
  const tree = new Tree({
    '/sys/bus/b/drivers/d/dev3/v/error': '0\n',
    '/sys/bus/b/drivers/d/dev3/v/disciplined': '0\n',
    '/proc/7/status': '',
  })
  assert.deepEqual(readClock(clockProject, tree.root), {
    ...{ ptp: null, driftNs: null, uncertaintyNs: null, hostTime: null, error: null },
    ...{ disciplined: false, daemons: [], counts: { syncs: 0, absent: 0 } },
  })
  const bare = { clock: { device, drift: 'a', uncertainty: 'b', hostTime: 'c' } } as never
  assert.deepEqual(readClock(bare, tree.root)?.counts, {})
  assert.equal(readClock(clockProject, new Tree({ '/proc/1/comm': '' }).root), undefined)
  assert.equal(readClock({} as never, tree.root), undefined)
})

test('modules by name, in any place but the kernel’s own; - and _ are one', () => {
  const at = '/lib/modules/6.1'
  const tree = new Tree({
    [`${at}/updates/a-b.ko.zst`]: '',
    [`${at}/extra/a_b.ko`]: '',
    [`${at}/extra/kernel/c.ko`]: '',
    [`${at}/kernel/drivers/c.ko`]: '',
    [`${at}/extra/c.ko.xz.old`]: '',
    [`${at}/extra/c.kox`]: '',
    [`${at}/extra/xc.ko`]: '',
  })
  assert.deepEqual(findModules('6.1', ['a_b', 'c'], tree.root), [
    `${at}/extra/a_b.ko`,
    `${at}/extra/kernel/c.ko`,
    `${at}/updates/a-b.ko.zst`,
  ])
  assert.deepEqual(findModules('6.2', ['c'], tree.root), [])
})

test('loaded modules, and their versions where they tell one', () => {
  const tree = new Tree({
    '/sys/module/a_b/refcnt': '0\n',
    '/sys/module/a_b/version': '1.0\n',
    '/sys/module/c/refcnt': '0\n',
    '/sys/module/builtin/version': '2\n',
  })
  assert.deepEqual(loadedModules(['a-b', 'c', 'builtin', 'd'], tree.root), [
    { name: 'a_b', version: '1.0' },
    { name: 'c' },
  ])
})

test('an alias is had as a pattern, by its beginning', () => {
  const info = { file: '', name: '', release: '', aliases: ['pci:v0Bd07sv*', 'x'] }
  assert.ok(hasAlias(info, 'pci:v0Bd07*') && hasAlias(info, 'x'))
  assert.ok(!hasAlias(info, 'pci:v0Bd08*') && !hasAlias(info, 'b:x') && !hasAlias(info, 'v0Bd07*'))
})

const modinfo = `filename:       /m/virtio-x.ko.xz
version:        1.0
srcversion:     0123456789ABCDEF
description:    says version: 7
alias:          pci:v00000B5Dd00000777sv*sd*bc*sc*i*
alias:          virtio-x
name:           virtio_x
vermagic:       6.12.117+deb13-amd64 SMP preempt mod_unload
sig_id:         PKCS#7
signer:         A B
`

test('a module’s own words are read from what modinfo prints', () => {
  assert.deepEqual(parseModinfo('/m/virtio-x.ko.xz', modinfo), {
    file: '/m/virtio-x.ko.xz',
    name: 'virtio-x',
    version: '1.0',
    release: '6.12.117+deb13-amd64',
    aliases: ['pci:v00000B5Dd00000777sv*sd*bc*sc*i*', 'virtio-x'],
    signer: 'A B',
  })
})

test('a module that says nothing of itself', () => {
  const file = '/m.konst/a.kosher.ko'
  const expected = { file, name: 'a.kosher', release: '', aliases: [] }
  assert.deepEqual(parseModinfo(file, `filename: ${file}\nversion:\nsigner:\n`), expected)
})

test('what is no module is none', async () => {
  assert.equal(await moduleInfo(new Tree({ '/m.ko': 'no module' }).at('/m.ko')), undefined)
})
