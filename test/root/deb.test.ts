import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { home, renderDkmsConf } from '../../scripts/source-tree.ts'
import { project } from '../support/kernels.ts'
import { Root } from '../support/roots.ts'

const next = '1.0.1'
const debs = mkdtempSync(join(tmpdir(), 'vmmci-debs-'))
after(() => rmSync(debs, { recursive: true, force: true }))

const deb = (version: string) => `vmmci-dkms_${version}_all.deb`

/** Both versions, built by dpkg-buildpackage from the sources alone: no Node is in that root. */
before(async () => {
  await using root = await Root.of('package')
  const source = join(root.folder, 'src/package')
  mkdirSync(source, { recursive: true })
  for (const part of ['debian', 'kmod', 'package.json'])
    cpSync(join(home, part), join(source, part), { recursive: true })
  await root.sh(`
    cd /src/package
    dpkg-buildpackage -b -us -uc
    sed -i '1s/${project.version}/${next}/' debian/changelog
    dpkg-buildpackage -b -us -uc`)
  for (const version of [project.version, next])
    copyFileSync(join(root.folder, 'src', deb(version)), join(debs, deb(version)))
})

test('what debian/ has of the manifest is what the manifest says', () => {
  const read = (file: string) => readFileSync(join(home, 'debian', file), 'utf8')
  assert.deepEqual(read('sources').trim().split('\n'), project.sources)
  assert.equal(read('dkms.conf').replaceAll('#VERSION#', project.version), renderDkmsConf(project))
  assert.match(read('changelog'), new RegExp(`^vmmci-dkms \\(${project.version}\\) `))
})

/** Every kernel has both modules, of this version and built for it. */
async function allHave(root: Root, version: string): Promise<void> {
  const releases = (await root.sh('ls /lib/modules')).trim().split('\n')
  assert.ok(releases.length > 1)
  for (const release of releases)
    for (const { name } of project.modules) {
      const info = await root.sh(`modinfo $(find /lib/modules/${release} -name '${name}.ko*')`)
      assert.match(info, new RegExp(`^version:\\s+${version}$`, 'm'), `${name} for ${release}`)
      assert.match(info, new RegExp(`^vermagic:\\s+${release.replaceAll(/[+.]/g, '\\$&')} `, 'm'))
    }
}

test('installs for every kernel, upgrades, installs again, goes back, and leaves nothing', async () => {
  await using root = await Root.of('dkms')
  const release = (await root.sh('ls /lib/modules | tail -n 1')).trim()
  await root.addTwin(release, `${release}-twin`)
  for (const version of [project.version, next])
    copyFileSync(join(debs, deb(version)), join(root.folder, 'root', deb(version)))
  const before = await root.state()
  const install = (version: string) => root.sh(`dpkg -i /root/${deb(version)} 2>&1`)

  await install(project.version)
  await allHave(root, project.version)
  // From one to the next, the same again, and back: by dpkg's own order of scripts.
  for (const version of [next, next, project.version]) {
    await install(version)
    await allHave(root, version)
    assert.equal((await root.sh('dpkg --audit')).trim(), '')
  }
  await root.sh('dpkg --purge vmmci-dkms 2>&1')
  assert.equal(await root.state(), before)
})

test('a kernel for which it does not build is told of, and apt goes on', async () => {
  await using root = await Root.of('dkms')
  const release = (await root.sh('ls /lib/modules | tail -n 1')).trim()
  await root.addTwin(release, `${release}-twin`)
  await root.sh(`rm -r /opt/headers-${release}-twin/include/generated`)
  copyFileSync(join(debs, deb(project.version)), join(root.folder, 'root', deb(project.version)))

  const said = await root.sh(`dpkg -i /root/${deb(project.version)} 2>&1`)
  assert.match(
    said,
    new RegExp(`could not be built for kernel ${release.replaceAll(/[+.]/g, '\\$&')}-twin`),
  )
  const log = /Its log: (\S+)/.exec(said)?.[1]
  assert.notEqual((await root.sh(`cat ${log}`)).trim(), '')
  assert.equal((await root.sh('dpkg --audit')).trim(), '')
  await root.sh(`modinfo -k ${release} virtio_vmmci`)
})
