import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageVersions } from '../../scripts/package/versions.ts'

/** A version, and what it is to dpkg and rpm, to pacman, and to apk. */
const table: [version: string, tilde: string, arch: string, apk: string][] = [
  ['1.0.0', '1.0.0', '1.0.0', '1.0.0'],
  ['20250329', '20250329', '20250329', '20250329'],
  ['1.12.3b', '1.12.3b', '1.12.3b', '1.12.3b'],
  // Before a release: as semver has it, and as others write it.
  ['1.0.0-rc.2', '1.0.0~rc.2', '1.0.0rc.2', '1.0.0_rc2'],
  ['1.1.0-beta.12', '1.1.0~beta.12', '1.1.0beta.12', '1.1.0_beta12'],
  ['1.1.0-rc-2', '1.1.0~rc+2', '1.1.0rc_2', '1.1.0_rc2'],
  ['1.0.0-1', '1.0.0~1', '1.0.0a1', '1.0.0_pre1'],
  ['1.0.0-snapshot', '1.0.0~snapshot', '1.0.0snapshot', '1.0.0_pre'],
  ['2.1rc1', '2.1~rc1', '2.1rc1', '2.1_rc1'],
  ['2.1rc-2', '2.1~rc+2', '2.1rc_2', '2.1_rc2'],
  ['2.1_beta10', '2.1~beta10', '2.1beta10', '2.1_beta10'],
  ['2.1-Alpha', '2.1~Alpha', '2.1Alpha', '2.1_alpha'],
  ['2.1~dev3', '2.1~dev3', '2.1dev3', '2.1_pre3'],
  // What else people write.
  ['v1.2.3', '1.2.3', '1.2.3', '1.2.3'],
  ['V2.0', '2.0', '2.0', '2.0'],
  ['1.0v2', '1.0v2', '1.0v2', '1.0v'],
  ['1.0-r5', '1.0+r5', '1.0_r5', '1.0'],
  ['version5', '0.version5', '0.version5', '0'],
  ['dev-3', '0.dev+3', '0.dev_3', '0'],
]

for (const [version, tilde, archVersion, alpineVersion] of table)
  test(`${version} as dpkg, rpm, pacman and apk have it`, () => {
    const expected = { debVersion: tilde, rpmVersion: tilde, archVersion, alpineVersion }
    assert.deepEqual(packageVersions(version), expected)
  })
