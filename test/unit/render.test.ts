import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFiles } from '../../scripts/build/installed-files.ts'
import { ownManifest, renderDkmsConf, sourceTree } from '../../scripts/build/source-tree.ts'
import { home } from '../../scripts/home.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { exec } from '../../scripts/run/exec.ts'

const project = loadManifest(ownManifest)
const hello = loadManifest(join(home, 'test/fixtures/hello/manifest.json'))

/** The values as dkms sees them: it sources the file. */
async function sourced(text: string, variables: string[]): Promise<string[]> {
  const script = `kernel_source_dir=/k dkms_tree=/t\n${text}\nprintf '%s\\n' ${variables.map((v) => `"\${${v}}"`).join(' ')}`
  return (await exec({ argv: ['bash', '-c', script] })).stdout.trimEnd().split('\n')
}

test('dkms reads what was meant', async () => {
  const variables = [
    'PACKAGE_NAME',
    'PACKAGE_VERSION',
    'BUILT_MODULE_NAME[1]',
    'DEST_MODULE_LOCATION[0]',
    'AUTOINSTALL',
    'MAKE[0]',
    'CLEAN',
    'BUILD_EXCLUSIVE_ARCH',
    'BUILD_EXCLUSIVE_KERNEL_MIN',
  ]
  assert.deepEqual(await sourced(renderDkmsConf(project), variables), [
    'vmmci-dkms',
    project.version,
    'virtio_vmmci',
    '/updates/dkms',
    'yes',
    `make -C /k M=/t/vmmci-dkms/${project.version}/build modules`,
    'true',
    '^(x86_64|i.86)$',
    '4.14',
  ])
})

test('name and version are literals, which dh_dkms looks for', () => {
  assert.match(renderDkmsConf(project), new RegExp(`^PACKAGE_VERSION="${project.version}"$`, 'm'))
  assert.match(renderDkmsConf(project), /^PACKAGE_NAME="vmmci-dkms"$/m)
})

test('what was rendered says so, and the source tree holds nothing else', () => {
  const text = renderDkmsConf(project)
  assert.match(text, /^# From the manifest of vmmci-dkms .*Do not edit\.$/m)
  assert.equal(sourceTree(project).get('dkms.conf')?.toString(), text)
})

test('another module is rendered by the same template', async () => {
  assert.deepEqual(
    await sourced(renderDkmsConf(hello), [
      'PACKAGE_NAME',
      'PACKAGE_VERSION',
      'BUILT_MODULE_NAME[0]',
      'BUILD_EXCLUSIVE_KERNEL_MIN',
    ]),
    ['hello-dkms', '0.3.1', 'hello_else', '5.4'],
  )
  assert.deepEqual(
    configFiles(hello).map(({ path }) => path),
    ['/etc/modprobe.d/hello-dkms.conf', '/etc/modules-load.d/hello-dkms.conf'],
  )
  assert.match(configFiles(hello)[0]?.text ?? '', /^options hello_else greeting="moin moin"$/m)
})

/** What in scripts/ may be called after vmmci: the command, in its own words, and a shell function. */
const ownNames = /vmmci-dkms|OpenBSD's vmmci\(4\)|vmmci_half_key/g

test('the toolchain knows nothing of vmmci', () => {
  const folder = join(home, 'scripts')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(folder, file)).isFile(),
  )
  const said = files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(\/?\*|\/\/|#)/.test(line))
      .filter((line) => /vmmci|virtio|0b5d/i.test(line.replaceAll(ownNames, '')))
      .map((line) => `${file}: ${line}`),
  )
  assert.ok(files.length > 50)
  assert.deepEqual(said, [])
})

test('the committed manifest names its schema', () => {
  assert.equal(
    JSON.parse(readFileSync(ownManifest, 'utf8')).$schema,
    '../dist/manifest.schema.json',
  )
})
