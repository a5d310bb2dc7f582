import assert from 'node:assert/strict'
import { copyFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { allHave, has, kernelsOf, traces, watchModules } from '../support/installed.ts'
import { project } from '../support/kernels.ts'
import { builtPackages, debFile, versions } from '../support/packages.ts'
import { packedPackage, Root } from '../support/roots.ts'

/** A root with dkms, two kernels' headers, our command, and the packages in /root. */
async function rootWithTwin(): Promise<{ root: Root; release: string; twin: string }> {
  const root = await Root.of('dkms')
  const made = await builtPackages()
  for (const version of Object.values(versions))
    copyFileSync(
      join(made, 'packages', debFile(version)),
      join(root.folder, 'root', debFile(version)),
    )
  const release = (await kernelsOf(root)).at(-1) as string
  const twin = `${release}-twin`
  await root.addTwin(release, twin)
  await root.addPackage(await packedPackage())
  return { root, release, twin }
}

const install = (root: Root, version: string) =>
  root.sh(`apt-get install -y -q --allow-downgrades --reinstall /root/${debFile(version)} 2>&1`)

test('dpkg-buildpackage makes it from the tree alone, and lintian finds nothing', async () => {
  await using root = await Root.of('package')
  await root.sh('rm /usr/bin/node')
  for (const part of ['debian', 'kmod', 'docs', 'scripts'])
    cpSync(join(home, part), join(root.folder, 'src/tree', part), { recursive: true })
  await root.sh('cd /src/tree && dpkg-buildpackage -b -us -uc')
  assert.equal(await root.sh('lintian --pedantic --fail-on none /src/*.changes 2>/dev/null'), '')
  await root.sh(`dpkg-deb --contents /src/${debFile(project.version)} | grep -q man4/virtio_vmmci`)
})

test('installs for every kernel, upgrades, installs again, goes back, and leaves nothing', async () => {
  const { root, release } = await rootWithTwin()
  await using _ = root
  const before = await root.state()
  await install(root, versions.now)
  await allHave(root, versions.now)
  // From one to the next, the same again, and back: by dpkg's own order of scripts.
  for (const version of [versions.next, versions.next, versions.now]) {
    const ended = await watchModules(root)
    await install(root, version)
    assert.deepEqual(ended(), [], 'a kernel was without a module')
    await allHave(root, version)
    assert.equal((await root.sh('dpkg --audit')).trim(), '')
  }
  await root.sh('apt-get remove -y -q vmmci-dkms 2>&1')
  assert.equal((await root.sh("find /lib/modules -name '*vmmci*'")).trim(), '')
  await install(root, versions.now)
  await has(root, release, versions.now)
  await root.sh('apt-get purge -y -q vmmci-dkms 2>&1')
  assert.equal(await traces(root), '')
  assert.deepEqual(await root.changed(before), [])
})

test('a kernel for which it does not compile is told of, apt goes on, the next version mends it', async () => {
  const { root, release, twin } = await rootWithTwin()
  await using _ = root
  const before = await root.state()
  await install(root, versions.now)
  const said = await install(root, versions.broken)
  assert.ok(said.includes(`could not be built for kernel ${twin}`), said)
  const log = /Its log: (\S+)/.exec(said)?.[1]
  assert.match(await root.sh(`cat ${log}`), /no-such-header\.h/)
  assert.equal((await root.sh('dpkg --audit')).trim(), '')
  await has(root, release, versions.broken)
  // The old module is better than none.
  await has(root, twin, versions.now)
  const status = (await root.cli('status')).stdout
  assert.ok(status.includes(`${twin}: failed, see ${log}`), status)

  await install(root, versions.next)
  await allHave(root, versions.next)
  assert.equal((await root.run(['test', '-e', log ?? ''])).status, 1)

  // Neither the module of before nor the one that dkms put away outlives the package.
  await root.sh('mkdir -p /lib/modules/6.99.0-bare/kernel')
  const bare = await install(root, versions.broken)
  assert.match(bare, /kernel 6\.99\.0-bare has no headers/)
  await root.sh('rm -r /lib/modules/6.99.0-bare; apt-get purge -y -q vmmci-dkms 2>&1')
  assert.deepEqual(await root.changed(before), [])
})

test('npx beside the package, and the package after npx', async () => {
  const { root } = await rootWithTwin()
  await using _ = root
  const before = await root.state()
  await install(root, versions.now)
  for (const words of [['install', '--yes'], ['uninstall']]) {
    const { status, stderr } = await root.cli(...words)
    assert.equal(status, exitStatus.owned, stderr)
    assert.match(stderr, /package vmmci-dkms.*\n {2}try: apt-get /)
  }
  assert.match((await root.cli('status')).stdout, /owned by +vmmci-dkms \(apt\)/)
  await allHave(root, versions.now)
  await root.sh('apt-get purge -y -q vmmci-dkms 2>&1')

  const npx = await root.cli('install', '--yes', '--all-kernels')
  assert.equal(npx.status, 0, npx.stderr)
  const said = await install(root, versions.next)
  assert.ok(
    said.includes(`version ${versions.now} was installed by hand; this package replaces it`),
    said,
  )
  await allHave(root, versions.next)
  await root.sh('apt-get purge -y -q vmmci-dkms 2>&1')
  assert.deepEqual(await root.changed(before), [])
})
