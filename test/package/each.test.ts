import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageVersions } from '../../scripts/package/versions.ts'
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

/** Each sorts before the next. */
const releases = [
  ...['0.9.9', '1.0.0-1', '1.0.0-2', '1.0.0'],
  ...['1.1.0-alpha', '1.1.0-alpha.1', '1.1.0-beta', '1.1.0-beta.2', '1.1.0-beta.11', '1.1.0-rc.1'],
  ...['1.1.0', '1.1.1-dev.3', '1.1.1', '2.0', '2.1rc1', '2.1rc2', '2.1', '20250329'],
]

/** What says that one of a kind is before another. */
const sorters = {
  debVersion: (a: string, b: string) => `dpkg --compare-versions ${a} lt ${b}`,
  rpmVersion: (a: string, b: string) =>
    `[ "$(rpm --eval '%{lua:print(rpm.vercmp("${a}", "${b}"))}')" = -1 ]`,
  archVersion: (a: string, b: string) => `[ "$(vercmp ${a} ${b})" = -1 ]`,
} as const

test('what comes before a release sorts before it: by dpkg, rpm and pacman', async () => {
  await using root = await Root.of('package')
  const lines = (Object.keys(sorters) as (keyof typeof sorters)[]).flatMap((kind) =>
    releases.slice(1).map((release, i) => {
      const [a, b] = [releases[i] as string, release].map((name) => packageVersions(name)[kind])
      return `${sorters[kind](a as string, b as string)} || echo "${kind}: ${a} is not before ${b}"`
    }),
  )
  assert.equal(await root.sh(lines.join('\n')), '')
})
