import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownManifest, renderDkmsConf } from '../../scripts/build/source-tree.ts'
import { home } from '../../scripts/home.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { debianChangelog, parseChangelog } from '../../scripts/package/changelog.ts'

const project = loadManifest(ownManifest)

test('what debian/ has of the manifest and of CHANGELOG.md is what they say', () => {
  const read = (file: string) => readFileSync(join(home, 'debian', file), 'utf8')
  assert.deepEqual(read('sources').trim().split('\n'), project.sources)
  assert.equal(read('dkms.conf').replaceAll('#VERSION#', project.version), renderDkmsConf(project))
  const releases = parseChangelog(readFileSync(join(home, 'CHANGELOG.md'), 'utf8'))
  const { name, maintainer, summary } = project.package
  assert.equal(read('changelog'), debianChangelog(releases, name, maintainer))
  const control = read('control')
  for (const line of [`Maintainer: ${maintainer}`, `Description: ${summary}`])
    assert.ok(control.split('\n').includes(line), line)
})
