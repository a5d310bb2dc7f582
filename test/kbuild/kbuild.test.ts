import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { writeSourceTree } from '../../scripts/build/source-tree.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { conditionalModule } from '../support/conditional.ts'
import { kernelRoots, project } from '../support/kernels.ts'
import { Root, type RootName } from '../support/roots.ts'

const kernels: [string, RootName][] = [...Object.entries(kernelRoots), ['6.1', 'kernel-6.1-i386']]

/** What kbuild prints that is neither progress nor about our sources. */
const noise =
  /^(make| {2}[A-Z]|.*Skipping BTF generation|.*sparse is not available|.*checker-valid\.sh|\s*$)/

for (const [series, rootName] of kernels)
  test(`builds on ${series}${rootName.endsWith('i386') ? ' for i386' : ''} without a warning under W=1 and C=1`, async () => {
    await using root = await Root.of(rootName)
    const release = (
      await root.sh(`ls /lib/modules | grep '^${series.replaceAll('.', '\\.')}[.-]'`)
    ).trim()
    mkdirSync(join(root.folder, 'src'))
    writeSourceTree(project, join(root.folder, 'src'))

    const make = [
      'make',
      '-C',
      `/lib/modules/${release}/build`,
      'M=/src',
      '-j2',
      'W=1',
      'C=1',
      'modules',
    ]
    const { status, stdout, stderr } = await root.run(make)
    assert.equal(status, 0, stderr)
    const said = `${stdout}${stderr}`.split('\n').filter((line) => !noise.test(line))
    assert.deepEqual(said, [])

    for (const module of project.modules) {
      const info = await root.sh(`modinfo /src/${module.name}.ko`)
      assert.match(info, new RegExp(`^vermagic:\\s+${release.replaceAll(/[+.]/g, '\\$&')} `, 'm'))
      assert.match(info, new RegExp(`^version:\\s+${project.version}$`, 'm'))
      for (const alias of module.aliases ?? []) assert.ok(info.includes(alias.replace('*', '')))
    }
  })

test('make by hand builds, installs and cleans', async () => {
  await using root = await Root.of('kernel-6.12')
  const release = (await root.sh(`ls /lib/modules | grep '^6[.]12'`)).trim()
  mkdirSync(join(root.folder, 'src'))
  writeSourceTree(project, join(root.folder, 'src'))
  const make = `make -C /src KDIR=/lib/modules/${release}/build`
  await root.sh(make)
  await root.sh(`${make} install`)
  for (const module of project.modules)
    await root.sh(`modinfo -k ${release} -n ${module.name} | grep /lib/modules/${release}/extra/`)
  await root.sh(`${make} clean`)
  assert.equal((await root.sh("find /src -name '*.ko' -o -name '*.o'")).trim(), '')
})

const dkmsVersions: [string, RootName][] = [
  ['2.8', 'kernel-5.10'],
  ['3.0', 'kernel-6.1'],
  ['3.2', 'kernel-6.12'],
]

for (const [version, rootName] of dkmsVersions)
  test(`dkms ${version} adds, builds, installs and removes by the rendered dkms.conf`, async () => {
    await using root = await Root.of(rootName)
    assert.match(
      await root.sh('dkms --version'),
      new RegExp(`[:-]\\s*${version.replace('.', '\\.')}`),
    )
    const source = `/usr/src/${project.package.name}-${project.version}`
    mkdirSync(join(root.folder, source))
    writeSourceTree(project, join(root.folder, source))
    const release = (await root.sh('ls /lib/modules | sort -V | head -n 1')).trim()
    const named = `-m ${project.package.name} -v ${project.version}`

    const said = await root.sh(`
      dkms add ${named} 2>&1
      dkms build ${named} -k ${release} 2>&1
      dkms install ${named} -k ${release} 2>&1`)
    assert.doesNotMatch(said, /warning|deprecated/i)
    for (const module of project.modules)
      assert.match(
        await root.sh(`modinfo -k ${release} -n ${module.name}`),
        new RegExp(`/updates/dkms/${module.name}\\.ko`),
      )
    await root.sh(`dkms remove ${named} --all`)
    assert.equal((await root.sh(`find /lib/modules -name 'virtio_vmmci*'`)).trim(), '')
  })

for (const [version, rootName] of dkmsVersions)
  test(`dkms ${version} builds, installs and removes what a kernel gets of modules with conditions`, async () => {
    await using root = await Root.of(rootName)
    const theirs = loadManifest(conditionalModule())
    const source = '/usr/src/conditional-1'
    mkdirSync(join(root.folder, source))
    writeSourceTree(theirs, join(root.folder, source))
    const release = (await root.sh('ls /lib/modules | sort -V | head -n 1')).trim()
    const installed = async () =>
      (await root.sh(`find /lib/modules/${release}/updates -name '*.ko*' | sed 's/\\.ko.*//'`))
        .trim()
        .split('\n')
        .map((file) => basename(file))
        .sort()
    await root.sh(`dkms add -m conditional -v 1
      dkms install -m conditional -v 1 -k ${release}`)
    const bySeries = version === '2.8' ? 'before' : 'since_6'
    assert.deepEqual(await installed(), ['always', bySeries, 'with'].sort())
    assert.equal(
      (await root.sh(`modinfo -k ${release} -F built always`)).trim(),
      version === '2.8' ? 'by_old___' : 'by_new_y__set',
    )
    await root.sh('dkms remove -m conditional -v 1 --all')
    assert.equal((await root.sh("find /lib/modules -name 'always*'")).trim(), '')
  })
