import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import { buildFor } from '../../scripts/build/build.ts'
import { buildCommands } from '../../scripts/build/commands.ts'
import { type Filling, makeCommands } from '../../scripts/build/make.ts'
import { renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { checkModules } from '../../scripts/check/kernel.ts'
import { importDkmsConf } from '../../scripts/import/dkms-conf.ts'
import { forKernel } from '../../scripts/manifest/for-kernel.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import { rendered } from '../../scripts/package/kind.ts'
import { exec, show } from '../../scripts/run/exec.ts'
import { parseKernelConfig } from '../../scripts/system/kernel-config.ts'
import type { Kernel } from '../../scripts/system/kernels.ts'
import { conditionalModule } from '../support/conditional.ts'
import { Tree } from '../support/tree.ts'

const project = loadManifest(conditionalModule())

/** A make that says what it is called with, but for how many at a time; and an uname that says what it is told. */
const tools = new Tree({
  make: `#!/bin/sh
for word; do case $word in -j*) ;; *) printf '%s|' "$word";; esac; done
echo "$T_VARIABLE|$T_SAID"
`,
  uname: '#!/bin/sh\necho "$MACHINE"\n',
})
for (const name of ['make', 'uname']) chmodSync(tools.at(name), 0o755)
const PATH = `${tools.root}:/usr/bin:/bin`

/** The lines that a script says to a shell of one kind. */
async function said(shell: 'bash' | 'dash', script: string, machine: string): Promise<string[]> {
  const argv = [shell, '-ec', `exec 2>&1\n${script}`]
  const { stdout } = await exec({ argv, env: { PATH, MACHINE: machine } })
  return stdout.trimEnd().split('\n')
}

/** What dkms reads of a dkms.conf, as it reads it: what is found stands between double quotes once more. */
const byDkms = (
  kernelver: string,
  headers: string,
  machine: string,
  project: Project,
  last: string,
) =>
  said(
    'bash',
    `kernel_source_dir=${headers} dkms_tree=/t kernelver=${kernelver} arch=${machine}
${renderDkmsConf(project)}
${last}`,
    machine,
  )

const modulesOfDkms = `for i in "\${!BUILT_MODULE_NAME[@]}"; do
  echo "\${BUILT_MODULE_NAME[i]} \${DEST_MODULE_NAME[i]} \${DEST_MODULE_LOCATION[i]}"
done`

const makeOfDkms = `eval "command=\\"\${MAKE[0]}\\""; eval "$command"`

/** The same of an AKMBUILD. */
async function byAkms(
  release: string,
  tree: Tree,
  machine: string,
  project: Project,
  last: string,
): Promise<string[]> {
  const input = { project, releases: [], work: '/w' }
  const text = rendered(input, 'alpine/AKMBUILD.tpl')
    .replaceAll('/usr/src/', `${tree.root}/src/`)
    .replaceAll('/boot/', `${tree.root}/boot/`)
  return said('dash', `set -u; kernel_ver=${release}; ${text}\n${last}`, machine)
}

const modulesOfAkms = 'echo $built_modules'
const makeOfAkms = 'kernel_srcdir=/k; builddir=/tmp; build'

const net = ['T_NET=y', 'T_SAYS=it is $HOME "so"']
const kernels: [
  release: string,
  config: string | undefined,
  machine: string,
  modules: string[],
  words: string[],
][] = [
  ['5.10.0-46-lts', 'CONFIG_NET=y\n', 'x86_64', ['before', 'with', 'always'], ['T_BY=old']],
  ['6.0.0-1-lts', 'CONFIG_NET=m\n', 'aarch64', ['since', 'with', 'always'], ['T_BY=new', ...net]],
  [
    '6.12.117+deb13-lts',
    '# CONFIG_NET is not set\n',
    's390x',
    ['since', 'without', 'elsewhere', 'always'],
    ['T_BY=new', 'T_NET=n', 'T_MACHINE=s390x'],
  ],
  [
    '6.12.117',
    undefined,
    'x86_64',
    ['since', 'with', 'without', 'always'],
    ['T_BY=new', ...net, 'T_NET=n'],
  ],
]

for (const [release, config, machine, modules, words] of kernels) {
  const { options } = parseKernelConfig(config ?? '')
  // A .config has hundreds of others.
  if (config !== undefined) options.add('CONFIG_MODULES')
  const version = release.replace(/[+-].*/, '')
  const ours = forKernel(project, { version, headers: { options } }, machine)
  const has = (file: string) => new Tree(config === undefined ? {} : { [file]: config })
  const headers = has('.config').root
  const what = `${release} for ${machine}, ${config?.trim() ?? 'no .config'}`

  test(`modules that only some kernels get: ${what}`, async () => {
    assert.deepEqual(
      ours.modules.map(({ name }) => name),
      modules,
    )
    const lines = modules.map((name) =>
      name === 'since' ? 'since since_6 /extra' : `${name}  /updates/dkms`,
    )
    assert.deepEqual(await byDkms(release, headers, machine, project, modulesOfDkms), lines)
    const files = modules.map((name) => `${name}.ko`)
    // Before the headers are there only the kernel's own .config can be asked.
    for (const file of [`src/linux-headers-${release}/.config`, 'boot/config-lts']) {
      const [list = ''] = await byAkms(release, has(file), machine, project, modulesOfAkms)
      assert.deepEqual(list.split(' ').sort(), files.toSorted())
    }
  })

  test(`how only some kernels are built: ${what}`, async () => {
    const called = (folders: string[], set: string[]) => [
      ['-C', ...folders, ...words, 'modules', ...set].join('|'),
    ]
    const set = words.includes('T_BY=new') ? ['set', 'it is $HOME "so"'] : ['', '']
    const filling = { headers: '/k', source: '/s' } as Filling
    const [command, ...more] = makeCommands(ours, filling)
    assert.ok(command && more.length === 0)
    const { stdout } = await exec({ ...command, env: { ...command.env, PATH } })
    assert.deepEqual([stdout.trimEnd()], called(['/k', 'M=/s'], set))
    assert.deepEqual(
      await byDkms(release, headers, machine, project, makeOfDkms),
      called([headers, 'M=/t/conditional/1/build'], set),
    )
    const tree = has(`src/linux-headers-${release}/.config`)
    assert.deepEqual(
      await byAkms(release, tree, machine, project, makeOfAkms),
      called(['/k', 'M=/tmp'], set),
    )
  })
}

test('before dkms or akms knows a kernel it has all that any could get', async () => {
  const all = ['before', 'since', 'with', 'without', 'elsewhere', 'always']
  const lines = await byDkms('', '/no', '', project, modulesOfDkms)
  assert.deepEqual(
    lines.map((line) => line.replace(/ .*/, '')),
    all,
  )
  const [list = ''] = await byAkms('', new Tree(), '', project, modulesOfAkms)
  assert.deepEqual(list.split(' ').sort(), all.map((name) => `${name}.ko`).sort())
})

/** For kernels of one series only. */
const only = (range: string) => ({
  ...project,
  modules: [{ name: 'a', kernel: { range } }],
  make: [{ kernel: { range } }],
})

test('a kernel that gets nothing is told of', async () => {
  const some = only('6.12.x')
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
  const last = `${makeOfDkms} || echo failed`
  assert.deepEqual(await byDkms('6.1.0', '/k', 'x86_64', some, last), [
    'Nothing in make is for 6.1.0.',
    'failed',
  ])
  assert.deepEqual(await byAkms('6.1.0-1-lts', new Tree(), 'x86_64', some, modulesOfAkms), [
    'conditional has no module for 6.1.0-1-lts.',
  ])
})

test('what a person would type is for that kernel', async () => {
  const make = [...only('6.12.x').make, { words: ['B=2'] }, { program: 'c.sh', words: ['make'] }]
  const headers = { options: new Set<string>(), folder: '/k' }
  const kernel = { version: '6.1.0', release: '6.1.0', headers } as unknown as Kernel
  const commands = await buildCommands({ ...project, make }, kernel, '/s', 3, ['W=1'])
  const lines = commands.map(show)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /make -C \/k M=\/s B=2 modules -j3.* W=1\)$/)
  assert.equal(lines[1], '(cd /s && /s/c.sh make)')
})

test('calls follow each other, whichever of them are for a kernel', async () => {
  const some = {
    ...project,
    make: [
      { kernel: { range: '6.1.x || 6.12.x' }, words: ['A=1'] },
      { kernel: { range: '6.12.x || 6.18.x' }, own: true },
      { words: ['C=3'] },
      { own: true },
    ],
  }
  const last = `echo "\${MAKE[0]}"`
  const [a, b, c, d] = [
    'make -C /k M=/t/conditional/1/build A=1 modules',
    'env make -C /t/conditional/1/build -j$(nproc)',
    'make -C /k M=/t/conditional/1/build C=3 modules',
    'make -C /t/conditional/1/build',
  ]
  for (const [release, calls] of [
    ['5.4.0', [c, d]],
    ['6.1.0', [a, c, d]],
    ['6.12.0', [a, b, c, d]],
    ['6.18.0', [b, c, d]],
  ] as const)
    assert.deepEqual(await byDkms(release, '/k', 'x86_64', some, last), [calls.join(' && ')])
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
