import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allHave, traces } from '../support/installed.ts'
import { debFile, rpmFile, versions } from '../support/packages.ts'
import { command, packedPackage, Root } from '../support/roots.ts'

test('a package of each kind; the deb installs for the kernel that is there, and leaves nothing', async () => {
  await using root = await Root.of('package')
  await root.addPackage(await packedPackage())
  await root.sh(`${command.join(' ')} package all -q --out /made`)
  const made = (await root.sh('ls /made')).trim().split('\n')
  for (const file of [debFile(versions.now), rpmFile(versions.now), 'APKBUILD', 'AKMBUILD'])
    assert.ok(made.includes(file), `${file} in ${made}`)
  assert.ok(
    made.some((file) => file.includes('.pkg.tar.')),
    `arch's in ${made}`,
  )

  const before = await root.state()
  await root.sh(`apt-get install -y -q /made/${debFile(versions.now)} 2>&1`)
  await allHave(root, versions.now)
  await root.sh('apt-get purge -y -q vmmci-dkms 2>&1; rm -r /made')
  assert.equal(await traces(root), '')
  assert.deepEqual(await root.changed(before), [])
})
