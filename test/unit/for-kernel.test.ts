import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildFor } from '../../scripts/build/build.ts'
import { buildCommands } from '../../scripts/build/commands.ts'
import { type Filling, makeCommands } from '../../scripts/build/make.ts'
import { checkModules } from '../../scripts/check/kernel.ts'
import { importDkmsConf } from '../../scripts/import/dkms-conf.ts'
import { forKernel } from '../../scripts/manifest/for-kernel.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { show } from '../../scripts/run/exec.ts'
import { parseKernelConfig } from '../../scripts/system/kernel-config.ts'
import type { Kernel } from '../../scripts/system/kernels.ts'
import { conditionalModule, forNewOnes, onlyFor, someKernels } from '../support/conditional.ts'
import { Tree } from '../support/tree.ts'

const project = loadManifest(conditionalModule())

for (const [release, config, machine, modules, words] of someKernels) {
  const { options } = parseKernelConfig(config ?? '')
  // A .config has hundreds of others.
  if (config !== undefined) options.add('CONFIG_MODULES')
  const version = release.replace(/[+-].*/, '')
  const ours = forKernel(project, { version, headers: { options } }, machine)
  const what = `${release} for ${machine}, ${config?.trim() ?? 'no .config'}`

  test(`modules that only some kernels get: ${what}`, () => {
    assert.deepEqual(
      ours.modules.map(({ name }) => name),
      modules,
    )
  })

  test(`how only some kernels are built: ${what}`, () => {
    const [command, ...more] = makeCommands(ours, { headers: '/k', source: '/s' } as Filling)
    assert.ok(command && more.length === 0)
    assert.deepEqual(
      command.argv.filter((word) => !word.startsWith('-j')),
      ['make', '-C', '/k', 'M=/s', ...words, 'modules'],
    )
    assert.deepEqual(command.env, words.includes('T_BY=new') ? forNewOnes : undefined)
  })
}

test('a kernel that gets nothing is told of', async () => {
  const some = onlyFor('6.12.x', project)
  const about = { version: '6.1.0', headers: { options: new Set<string>() } }
  assert.deepEqual([forKernel(some, about).modules, forKernel(some, about).make], [[], []])
  const kernel = { ...about, release: '6.1.0' } as Kernel
  const withModules = { ...some, modules: [{ name: 'a' }] }
  const found = [some, withModules].map((one) => checkModules(one, kernel))
  assert.deepEqual(
    found.flat().map(({ message }) => message),
    ['No module is for 6.1.0.', 'Nothing in make is for 6.1.0.'],
  )
  await assert.rejects(buildFor(withModules, kernel, '/no'), /^Failure: Nothing in make is for 6/)
})

test('what a person would type is for that kernel', async () => {
  const make = [
    ...onlyFor('6.12.x', project).make,
    { words: ['B=2'] },
    { program: 'c.sh', words: ['make'] },
  ]
  const headers = { options: new Set<string>(), folder: '/k' }
  const kernel = { version: '6.1.0', release: '6.1.0', headers } as unknown as Kernel
  const commands = await buildCommands({ ...project, make }, kernel, '/s', 3, ['W=1'])
  const lines = commands.map(show)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /make -C \/k M=\/s B=2 modules -j3.* W=1\)$/)
  assert.equal(lines[1], '(cd /s && /s/c.sh make)')
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
BUILT_MODULE_NAME[3]=d
BUILD_EXCLUSIVE_ARCH[3]="(x86_64|i.86)"
`,
    root,
  )
  assert.deepEqual(manifest.modules, [
    { name: 'a' },
    { name: 'b', kernel: { range: '>=6.0.0 <7.0.0' } },
    { name: 'c', kernel: { range: '>=5.4', options: ['CONFIG_PCI', '!CONFIG_PREEMPT_RT'] } },
    { name: 'd', kernel: { architectures: ['x86_64', 'i686'] } },
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
BUILD_EXCLUSIVE_ARCH[1]="sparc"
`,
    root,
  )
  assert.deepEqual(manifest.modules, [{ name: 'a' }, { name: 'b' }])
  assert.ok(notes.includes('BUILD_EXCLUSIVE_KERNEL[1], (5, is not taken over: say a range.'))
  assert.ok(notes.includes('BUILD_EXCLUSIVE_ARCH[1], sparc, is not taken over.'))
})
