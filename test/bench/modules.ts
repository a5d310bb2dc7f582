import { TheirModule } from '../support/their-module.ts'
import { compare, type Row, report } from './compare.ts'

/**
 * npm run bench -- modules: `install` of somebody's module beside what dkms alone does with the
 * dkms.conf that it came with: add, build, install. In turn, medians of RUNS.
 */
const RUNS = 5

/** Debian's packages: a module of one file, and one that compiles for long. */
const table: [name: string, goal: number][] = [
  ['acpi-call-dkms', 1.15],
  ['jool-dkms', 1.05],
]

export async function benchModules(): Promise<void> {
  await import('../../scripts/tools/bundle.ts')
  const rows: Row[] = []
  for (const [name, goal] of table) {
    await using their = await TheirModule.of(name)
    const { root, release } = their
    await root.addWholeKernel()
    const read = "bash -c '. /root/their/dkms.conf; echo $PACKAGE_NAME/$PACKAGE_VERSION'"
    const entry = (await root.sh(read)).trim()
    await root.sh('cp -R /root/their /root/bare; rm /root/bare/manifest.json')
    const away = () =>
      root.sh(`dkms remove ${entry} --all >&2 || :; rm -rf /usr/src/${entry.replace('/', '-')}`)
    rows.push(
      await compare(
        `install ${name}`,
        goal,
        RUNS,
        { before: away, work: () => their.must('install', '--yes', '--kernel', release) },
        {
          before: away,
          work: () =>
            root.sh(`
              dkms add /root/bare
              dkms build ${entry} -k ${release}
              dkms install ${entry} -k ${release}`),
        },
      ),
    )
  }
  report('modules', rows, { runs: RUNS })
}
