import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { project } from './kernels.ts'
import { command, packedPackage, Root } from './roots.ts'

/** This version, the next, and one that does not compile for kernels named -twin. */
export const versions = { now: project.version, next: '1.0.1', broken: '1.0.2' } as const

export const debFile = (version: string) => `vmmci-dkms_${version}_all.deb`
export const rpmFile = (version: string) => `vmmci-dkms-${version}-1.noarch.rpm`

const breakForTwins = `
  printf '%s\\n' 'ifneq ($(findstring -twin,$(KERNELRELEASE)),)' \\
    'ccflags-y += -include no-such-header.h' endif >> kmod/Kbuild`

/** Makes all packages of a version, as its authors would: version, changelog, package. */
export const makeVersion = (version: string, change = ''): string => `
  rm -rf /tmp/v && cp -R /opt/vmmci /tmp/v && cd /tmp/v
  sed -i 's/"version": "${project.version}"/"version": "${version}"/' package.json
  [ ${version} = ${project.version} ] ||
    sed -i '2s/.*/\\n## ${version} - 2026-12-01\\n\\n- Something.\\n/' CHANGELOG.md
  ${change}
  node dist/cli.js package all -q --out /made/packages`

export const newKey = (name: string) =>
  `gpg --batch --quiet --quick-gen-key --passphrase '' ${name} default default never`

const script = `
  ${newKey('packager')}
  ${makeVersion(versions.now)}
  ${makeVersion(versions.next)}
  cd /made && ${command.join(' ')} package repo -q --sign packager --url http://127.0.0.1 --from packages --out repo
  ${makeVersion(versions.broken, breakForTwins)}`

/**
 * A folder with packages/, of each version and kind, and repo/, with this version and the next. Made
 * by our own command, in a root that has the distributions' tools.
 */
export async function builtPackages(): Promise<string> {
  const tarball = await packedPackage()
  const ingredients = Buffer.concat([readFileSync(tarball), Buffer.from(script)])
  return cached('packages/made', ingredients, async (folder) => {
    await using root = await Root.of('package')
    await root.addPackage(tarball)
    await root.sh(script)
    cpSync(join(root.folder, 'made'), folder, { recursive: true, verbatimSymlinks: true })
  })
}
