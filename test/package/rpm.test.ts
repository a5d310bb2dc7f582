import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { allHave, has, kernelsOf, traces, watchModules } from '../support/installed.ts'
import { builtPackages, rpmFile, versions } from '../support/packages.ts'
import { packedPackage, Root } from '../support/roots.ts'

/** A root with rpm, dkms and two kernels' headers; rpm knows nothing of what dpkg installed. */
async function rootWithRpms(): Promise<{ root: Root; release: string; twin: string }> {
  const root = await Root.of('package')
  const made = await builtPackages()
  for (const version of Object.values(versions))
    copyFileSync(
      join(made, 'packages', rpmFile(version)),
      join(root.folder, 'root', rpmFile(version)),
    )
  const release = (await kernelsOf(root)).at(-1) as string
  const twin = `${release}-twin`
  await root.addTwin(release, twin)
  return { root, release, twin }
}

const install = (root: Root, version: string, ...words: string[]) =>
  root.sh(`rpm -U --nodeps ${words.join(' ')} /root/${rpmFile(version)} 2>&1`)

test('installs for every kernel, upgrades, installs again, goes back, and leaves nothing', async () => {
  const { root } = await rootWithRpms()
  await using _ = root
  const before = await root.state()
  await install(root, versions.now)
  await allHave(root, versions.now)
  for (const [version, ...words] of [
    [versions.next],
    [versions.next, '--replacepkgs'],
    [versions.now, '--oldpackage'],
  ] as const) {
    const ended = await watchModules(root)
    await install(root, version, ...words)
    assert.deepEqual(ended(), [], `a kernel was without a module, ${words}`)
    await allHave(root, version)
  }
  assert.equal((await root.sh('rpm -e vmmci-dkms 2>&1')).includes('warning'), false)
  assert.equal(await traces(root), '')
  assert.deepEqual(await root.changed(before), [])
})

test('a kernel for which it does not compile keeps the old module, until the next version', async () => {
  const { root, release, twin } = await rootWithRpms()
  await using _ = root
  const before = await root.state()
  await install(root, versions.now)
  assert.match(await install(root, versions.broken), /could not be built for kernel \S+-twin/)
  await has(root, release, versions.broken)
  await has(root, twin, versions.now)
  await install(root, versions.next, '--oldpackage')
  await allHave(root, versions.next)
  await root.sh('rpm -e vmmci-dkms 2>&1')
  assert.deepEqual(await root.changed(before), [])
})

test('npx beside the rpm, and the rpm after npx', async () => {
  const { root } = await rootWithRpms()
  await using _ = root
  await root.addPackage(await packedPackage())
  const before = await root.state()
  await install(root, versions.now)
  for (const [words, mend] of [
    [['install', '--yes'], 'dnf install -y vmmci-dkms'],
    [['uninstall'], 'dnf remove vmmci-dkms'],
  ] as const) {
    const { status, stderr } = await root.cli(...words)
    assert.equal(status, exitStatus.owned, stderr)
    assert.ok(stderr.includes(`belongs to the package vmmci-dkms; leaving it alone.`), stderr)
    assert.ok(stderr.includes(`  try: ${mend}\n`), stderr)
  }
  assert.match((await root.cli('status')).stdout, /owned by +vmmci-dkms \(dnf\)/)
  await allHave(root, versions.now)
  await root.sh('rpm -e vmmci-dkms 2>&1')

  const npx = await root.cli('install', '--yes', '--no-prereqs', '--all-kernels')
  assert.equal(npx.status, 0, npx.stderr)
  assert.ok(
    (await install(root, versions.next)).includes(
      `version ${versions.now} was installed by hand; this package replaces it`,
    ),
  )
  await allHave(root, versions.next)
  await root.sh('rpm -e vmmci-dkms 2>&1')
  assert.deepEqual(await root.changed(before), [])
})

test('rpmlint finds nothing', async () => {
  const { root } = await rootWithRpms()
  await using _ = root
  await root.copyIn('rpm/rpmlint.toml', '/root/rpmlint.toml')
  const said = await root.sh(`rpmlint -c /root/rpmlint.toml /root/${rpmFile(versions.now)}`)
  assert.match(said, / 0 errors, 0 warnings, /)
})
