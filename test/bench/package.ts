import { cpSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'
import { guestKernel, project } from '../support/kernels.ts'
import { builtPackages, debFile, versions } from '../support/packages.ts'
import { Root } from '../support/roots.ts'
import { compare, type Row, report, type Side } from './compare.ts'

const RUNS = 3

/** The least that dkms can be told. */
const conf = ['PACKAGE_NAME="bare"', 'PACKAGE_VERSION="1.0"', 'AUTOINSTALL="yes"']
  .concat(project.modules.map(({ name }, i) => `BUILT_MODULE_NAME[${i}]="${name}"`))
  .concat(project.modules.map((_, i) => `DEST_MODULE_LOCATION[${i}]="/updates/dkms"`))
  .join('\n')

/**
 * npm run bench -- package: the packages' sizes, and what they cost beside the least that could do it: the
 * same sources under such a dkms.conf, added, built and installed by bare dkms. In one root, in turn.
 */
export async function benchPackage(): Promise<void> {
  const made = join(await builtPackages(), 'packages')
  await using root = await Root.of('debian')
  cpSync(join(made, debFile(versions.now)), join(root.folder, 'root/ours.deb'))
  cpSync(join(home, 'kmod'), join(root.folder, 'root/kmod'), { recursive: true })
  const [old, next] = [await guestKernel('6.12'), await guestKernel('7.3')]

  const clean = () =>
    root.sh(
      'dpkg --purge vmmci-dkms; dkms remove bare/1.0 --all || true; rm -rf /usr/src/bare-1.0 || true',
    )
  const install = () => root.sh('apt-get install -y -q /root/ours.deb')
  const add = `cp -R /root/kmod /usr/src/bare-1.0; printf '%s\\n' '${conf}' > /usr/src/bare-1.0/dkms.conf; dkms add bare/1.0`
  const build = (release: string) =>
    `dkms build bare/1.0 -k ${release}; dkms install bare/1.0 -k ${release}`
  const ours: Side = { before: clean, work: install }
  const bare = (...releases: string[]): Side => ({
    before: clean,
    work: () => root.sh([add, ...releases.map(build)].join('\n')),
  })

  const rows: Row[] = []
  rows.push(await compare('install, one kernel', 1.1, RUNS, ours, bare(old.release)))
  await clean()
  await root.sh(`apt-get update -q; apt-get install -y -q --no-install-recommends -t trixie-backports \\
    linux-image-${next.release} linux-headers-${next.release}`)
  rows.push(
    await compare('install, two kernels', 1, RUNS, ours, bare(old.release, next.release)),
    await compare(
      'rebuild at a kernel upgrade',
      1.1,
      RUNS,
      {
        before: async () => {
          await clean()
          await install()
          await root.sh(`dkms unbuild vmmci-dkms/${versions.now} -k ${next.release}`)
        },
        // What the headers' postinst runs.
        work: () => root.sh(`/etc/kernel/header_postinst.d/dkms ${next.release}`),
      },
      {
        before: async () => {
          await clean()
          await root.sh(`${add}\n${build(old.release)}`)
        },
        work: () => root.sh(build(next.release)),
      },
    ),
  )
  const sizes = readdirSync(made)
    .filter((name) => name.includes(versions.now) && /\.(deb|rpm|gz)$/.test(name))
    .map((name) => ({ name, bytes: statSync(join(made, name)).size }))
  report('package', rows, { runs: RUNS, sizes })
  for (const { name, bytes } of sizes)
    console.log(`${name.padEnd(42)} ${(bytes / 1024).toFixed(1).padStart(7)} KiB`)
}
