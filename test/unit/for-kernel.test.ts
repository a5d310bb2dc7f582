import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { importDkmsConf } from '../../scripts/import/dkms-conf.ts'
import { forKernel } from '../../scripts/manifest/for-kernel.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { exec } from '../../scripts/run/exec.ts'
import { parseKernelConfig } from '../../scripts/system/kernel-config.ts'
import { conditionalModule } from '../support/conditional.ts'
import { Tree } from '../support/tree.ts'

const project = loadManifest(conditionalModule())

/** What dkms's shell reads of the dkms.conf that was made, for a kernel with such a .config. */
async function byDkms(kernelver: string, config?: string): Promise<string[]> {
  const headers = new Tree(config === undefined ? {} : { '.config': config })
  const script = `kernel_source_dir=${headers.root} dkms_tree=/t kernelver=${kernelver}
${renderDkmsConf(project)}
for i in "\${!BUILT_MODULE_NAME[@]}"; do
  echo "\${BUILT_MODULE_NAME[i]} \${DEST_MODULE_NAME[i]} \${DEST_MODULE_LOCATION[i]}"
done`
  const { stdout } = await exec({ argv: ['bash', '-c', script] })
  return stdout.trimEnd().split('\n')
}

const kernels: [release: string, config: string | undefined, modules: string[]][] = [
  ['5.10.0-46-amd64', 'CONFIG_NET=y\n', ['before', 'with', 'always']],
  ['6.0.0-1-amd64', 'CONFIG_NET=m\n', ['since', 'with', 'always']],
  ['6.12.117+deb13-amd64', '# CONFIG_NET is not set\n', ['since', 'without', 'always']],
  ['6.12.117', undefined, ['since', 'with', 'without', 'always']],
]

for (const [release, config, modules] of kernels)
  test(`modules that only some kernels get: ${release}, ${config?.trim() ?? 'no .config'}`, async () => {
    const { options } = parseKernelConfig(config ?? '')
    // A .config has hundreds of others.
    if (config !== undefined) options.add('CONFIG_MODULES')
    const version = release.replace(/[+-].*/, '')
    const ours = forKernel(project, { version, headers: { options } })
    assert.deepEqual(
      ours.modules.map(({ name }) => name),
      modules,
    )
    const lines = modules.map((name) =>
      name === 'since' ? 'since since_6 /extra' : `${name}  /updates/dkms`,
    )
    assert.deepEqual(await byDkms(release, config), lines)
  })

test('before dkms knows a kernel it has all that any could get', async () => {
  const names = (await byDkms('')).map((line) => line.replace(/ .*/, ''))
  assert.deepEqual(names, ['before', 'since', 'with', 'without', 'always'])
})

test('conditions by module are imported, as dkms has them since 3.3', () => {
  const { root } = new Tree({ 'a.c': 'MODULE_LICENSE("GPL");\n' })
  const { manifest } = importDkmsConf(
    `PACKAGE_NAME=a PACKAGE_VERSION=1
BUILT_MODULE_NAME[0]=a
BUILT_MODULE_NAME[1]=b
BUILD_EXCLUSIVE_KERNEL[1]="^6\\..*"
BUILT_MODULE_NAME[2]=c
BUILD_EXCLUSIVE_KERNEL_MIN[2]="5.4"
BUILD_EXCLUSIVE_CONFIG[2]="CONFIG_PCI !CONFIG_PREEMPT_RT"
`,
    root,
  )
  assert.deepEqual(manifest.modules, [
    { name: 'a' },
    { name: 'b', kernel: { range: '>=6.0.0 <7.0.0' } },
    { name: 'c', kernel: { range: '>=5.4', options: ['CONFIG_PCI', '!CONFIG_PREEMPT_RT'] } },
  ])
  assert.equal(manifest.kernel, undefined)
})

test('a condition of a module that cannot be taken over is told', () => {
  const { root } = new Tree({ 'a.c': 'MODULE_LICENSE("GPL");\n' })
  const { manifest, notes } = importDkmsConf(
    `PACKAGE_NAME=a PACKAGE_VERSION=1
BUILT_MODULE_NAME[0]=a
BUILT_MODULE_NAME[1]=b
BUILD_EXCLUSIVE_KERNEL[1]="(5"
BUILD_EXCLUSIVE_ARCH[1]="arm"
`,
    root,
  )
  assert.deepEqual(manifest.modules, [{ name: 'a' }, { name: 'b' }])
  assert.ok(notes.includes('BUILD_EXCLUSIVE_KERNEL[1], (5, is not taken over: say a range.'))
  assert.ok(notes.includes('BUILD_EXCLUSIVE_ARCH[1], arm, is not taken over.'))
})
