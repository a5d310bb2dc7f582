import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { architecturesOf, usage, writeRepoFile } from '../../scripts/package/repository.ts'
import { theirManifest } from '../support/somebody.ts'
import { Tree } from '../support/tree.ts'

test('a repository has an index for each machine that a package is for, as dpkg calls it', () => {
  const named = loadManifest(
    theirManifest({ kernel: { architectures: ['x86_64', 'i686', 'aarch64'] } }),
  )
  assert.deepEqual(architecturesOf(named), ['amd64', 'i386', 'arm64'])
  assert.deepEqual(architecturesOf(loadManifest(theirManifest())), [
    ...['amd64', 'i386', 'arm64', 'armhf', 'ppc64el', 'riscv64', 's390x'],
  ])
})

test('what is to be typed names a package as each package manager does', () => {
  const about = { name: 'Their_m', summary: 'Theirs', maintainer: 'A B <a@b>' }
  const project = loadManifest(theirManifest({ package: about }))
  const tree = new Tree({ '/their-m-archive-keyring.deb': '', '/rpm/repodata/x': '' })
  const use = usage({ project, packages: [], out: tree.root, keys: [] }, 'https://h')
  assert.equal(use['Debian, Ubuntu']?.at(-1), 'apt update && apt install their-m')
  assert.equal(use['Fedora, RHEL']?.at(-1), 'dnf install Their_m')
})

test('what a manifest says over several lines is one of a .repo file', () => {
  const about = { name: 'their', summary: 'Theirs\ngpgcheck=0', maintainer: 'A B <a@b>' }
  const project = loadManifest(theirManifest({ package: about }))
  const out = new Tree().at('/repo')
  writeRepoFile({ project, packages: [], out, keys: [] }, 'http://host')
  assert.deepEqual(readFileSync(`${out}/rpm/their.repo`, 'utf8').split('\n').slice(0, 3), [
    '[their]',
    'name=Theirs gpgcheck=0',
    'baseurl=http://host/rpm',
  ])
})
