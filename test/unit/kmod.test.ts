import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import semver from 'semver'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import { home } from '../../scripts/home.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'

const project = loadManifest(ownManifest)
const files = readdirSync(project.folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.(c|h|mk)$|^Kbuild$|^Makefile$/.test(file) && !file.endsWith('.mod.c'),
)
const read = (file: string) => readFileSync(join(project.folder, file), 'utf8')

test('every source of the drivers is in the manifest', () => {
  assert.deepEqual(files.sort(), project.sources.toSorted())
})

test('no version is looked at outside compat/', () => {
  const looking = files.filter(
    (file) =>
      !file.startsWith('compat/') &&
      /LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE/.test(read(file)),
  )
  assert.deepEqual(looking, [])
})

test('below the floor the compiler says so, and the floor is the manifest’s', () => {
  const floor = /LINUX_VERSION_CODE < KERNEL_VERSION\((\d+), (\d+), (\d+)\)\n#error "/.exec(
    read('compat/compat.h'),
  )
  assert.ok(floor)
  assert.equal(floor.slice(1, 4).join('.'), semver.minVersion(project.kernel.range)?.version)
})

test('every source says its licence', () => {
  for (const file of files)
    assert.match(
      read(file).split('\n')[0] ?? '',
      /SPDX-License-Identifier: GPL-2\.0-or-later/,
      file,
    )
})

test('the manual has the line for chrony that is installed', () => {
  const refclock = /^refclock .*$/m.exec(read('config/chrony.conf'))?.[0]
  const manual = readFileSync(join(home, 'docs/man/virtio_vmmci.4'), 'utf8')
  assert.ok(refclock && manual.includes(`.Dl ${refclock}\n`))
})

test('every parameter is in the manual and in the ABI text', () => {
  const all = [...read('virtio_vmmci_main.c').matchAll(/MODULE_PARM_DESC\((\w+),/g)].map(
    (m) => m[1],
  )
  assert.ok(all.length > 0)
  const manual = readFileSync(join(home, 'docs/man/virtio_vmmci.4'), 'utf8')
  const abi = read('Documentation/ABI/sysfs-bus-virtio-vmmci')
  for (const name of all) {
    assert.match(manual, new RegExp(`^\\.It Cm ${name}$`, 'm'))
    assert.match(abi, new RegExp(`parameters/${name}$`, 'm'))
  }
})

test('every attribute is in the ABI text', () => {
  const abi = read('Documentation/ABI/sysfs-bus-virtio-vmmci')
  const attributes = [...read('virtio_vmmci_sysfs.c').matchAll(/&dev_attr_(\w+)\.attr/g)].map(
    (m) => m[1],
  )
  assert.ok(attributes.length > 0)
  for (const name of attributes) assert.match(abi, new RegExp(`vmmci/${name}$`, 'm'))
})
