import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import { renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import { rendered } from '../../scripts/package/kind.ts'
import { exec } from '../../scripts/run/exec.ts'
import { conditionalModule, onlyFor, someKernels } from '../support/conditional.ts'
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

for (const [release, config, machine, modules, words] of someKernels) {
  const has = (file: string) => new Tree(config === undefined ? {} : { [file]: config })
  const headers = has('.config').root
  const what = `${release} for ${machine}, ${config?.trim() ?? 'no .config'}`

  test(`dkms and akms get the modules of: ${what}`, async () => {
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

  test(`dkms and akms build as is meant for: ${what}`, async () => {
    const called = (folders: string[], set: string[]) => [
      ['-C', ...folders, ...words, 'modules', ...set].join('|'),
    ]
    const set = words.includes('T_BY=new') ? ['set', 'it is $HOME "so"'] : ['', '']
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

test('a kernel that gets nothing is told of by dkms and akms, too', async () => {
  const some = onlyFor('6.12.x', project)
  const last = `${makeOfDkms} || echo failed`
  assert.deepEqual(await byDkms('6.1.0', '/k', 'x86_64', some, last), [
    'Nothing in make is for 6.1.0.',
    'failed',
  ])
  assert.deepEqual(await byAkms('6.1.0-1-lts', new Tree(), 'x86_64', some, modulesOfAkms), [
    'conditional has no module for 6.1.0-1-lts.',
  ])
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
