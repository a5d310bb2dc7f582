import assert from 'node:assert/strict'
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { project } from './kernels.ts'
import type { Root } from './roots.ts'

export const kernelsOf = async (root: Root): Promise<string[]> =>
  (await root.sh('ls /lib/modules')).trim().split('\n')

/** A kernel has both modules, of this version and built for it. */
export async function has(root: Root, release: string, version: string): Promise<void> {
  for (const { name } of project.modules) {
    const info = await root.sh(`modinfo $(find /lib/modules/${release}/ -name '${name}.ko*')`)
    const field = (key: string) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(info)?.[1]
    assert.equal(field('version'), version, `${name} for ${release}`)
    assert.equal(field('vermagic'), release, `${name} for ${release}`)
  }
}

/** Every kernel of a root has them. */
export async function allHave(root: Root, version: string): Promise<void> {
  for (const release of await kernelsOf(root)) await has(root, release, version)
}

/** Files anywhere with the package's name, but for where tests keep packages and our command. */
export const traces = async (root: Root): Promise<string> =>
  (await root.sh("find / -xdev -name '*vmmci*' -not -path '/root/*' -not -path '/opt/*'")).trim()

/** Watches the modules of all kernels from now on; what is missing at any change is told at the end. */
export async function watchModules(root: Root): Promise<() => string[]> {
  const missing = new Set<string>()
  const watchers: FSWatcher[] = []
  for (const release of await kernelsOf(root)) {
    const folder = join(root.folder, 'lib/modules', release, 'updates/dkms')
    const look = () => {
      for (const { name } of project.modules)
        if (!['', '.xz', '.zst'].some((end) => existsSync(join(folder, `${name}.ko${end}`))))
          missing.add(`${release}: ${name}`)
    }
    look()
    watchers.push(watch(folder, look))
  }
  return () => {
    for (const watcher of watchers) watcher.close()
    return [...missing]
  }
}

/** The kernels for which dkms has installed the package. */
export async function installedFor(root: Root): Promise<string[]> {
  const { stdout } = await root.run(['dkms', 'status', 'vmmci-dkms/1.0.0'])
  return [...stdout.matchAll(/^vmmci-dkms\/1\.0\.0, (\S+), x86_64: installed/gm)].map(
    (m) => m[1] as string,
  )
}
