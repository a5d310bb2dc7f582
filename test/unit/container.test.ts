import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRoot } from '../../scripts/run/exec.ts'
import { insideContainer } from '../../scripts/system/container.ts'
import { Tree } from '../support/tree.ts'

/** A system whose first process has a root folder, its own if nothing else is said. */
function system(files: Record<string, string> = {}, first = '../..'): string {
  const tree = new Tree(files)
  tree.put('/other/file')
  tree.link('/proc/1/root', first)
  return tree.root
}

const environ = '/proc/1/environ'

/** What is there, and whether it is a container. */
const systems: [what: string, files: Record<string, string>, inside: boolean][] = [
  ['nothing', {}, false],
  ['an init that is not in one', { [environ]: 'PATH=/bin\0mycontainer=no\0' }, false],
  ['an init that says so', { [environ]: 'PATH=/bin\0container=lxc\0' }, true],
  ['systemd’s mark', { '/run/systemd/container': 'systemd-nspawn\n' }, true],
  ['Docker’s', { '/.dockerenv': '' }, true],
  ['podman’s', { '/run/.containerenv': '' }, true],
  ['what systemd asks managers for', { '/run/host/container-manager': 'x\n' }, true],
]

for (const [what, files, inside] of systems)
  test(`a container is known by what its manager leaves in it: ${what}`, () => {
    assert.equal(insideContainer(system(files)), inside)
  })

test('a chroot is known by the first process’s root folder', () => {
  assert.equal(insideContainer(system({}, '../../other')), true)
})

test('where root may not look at the first process, it is somebody else’s', () => {
  assert.equal(insideContainer(new Tree().root), isRoot())
})
