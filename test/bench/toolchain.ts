import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { command, packedPackage, Root } from '../support/roots.ts'
import { compare, type Row, report } from './compare.ts'

/**
 * npm run bench -- toolchain: what the toolchain costs, as ratios of two things done side by side in one run,
 * medians of RUNS. Written to build/bench-toolchain.json and as a table.
 */
const RUNS = 7

async function must(root: Root, words: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await root.run(words)
  if (status !== 0) throw new Error(`${words.join(' ')}: ${status}\n${stdout}${stderr}`)
}

export async function benchToolchain(): Promise<void> {
  await import('../../scripts/tools/bundle.ts')
  const tarball = await packedPackage()
  await using root = await Root.of('dkms')
  await root.addWholeKernel()
  await root.addPackage(tarball)
  const release = (await root.sh('ls /lib/modules | tail -n 1')).trim()
  const rows: Row[] = []

  const bareMake = (folder: string, kernel: string, jobs: number) => async () => {
    await root.sh(
      `rm -rf ${folder} && mkdir ${folder} && cp -R /opt/vmmci/kmod/. /opt/vmmci/package.json ${folder}`,
    )
    await must(root, [
      'make',
      '-s',
      '-C',
      `/lib/modules/${kernel}/build`,
      `M=${folder}`,
      `-j${jobs}`,
      'modules',
    ])
  }
  const out = ['--out', '/tmp/out', '--quiet']
  rows.push(
    await compare(
      'build against bare make',
      1.1,
      RUNS,
      () => must(root, [...command, 'build', ...out]),
      bareMake('/tmp/bare', release, availableParallelism()),
    ),
  )

  for (const name of ['a', 'b', 'c']) await root.addTwin(release, `${release}-${name}`)
  const named = ['a', 'b', 'c'].map((name) => ['--kernel', `${release}-${name}`])
  rows.push(
    await compare(
      'three kernels at once against in turn',
      0.65,
      RUNS,
      () => must(root, [...command, 'build', ...out, ...named.flat()]),
      async () => {
        for (const kernel of named) await must(root, [...command, 'build', ...out, ...kernel])
      },
    ),
  )

  rows.push(
    await compare(
      'three kernels at once against plain makes',
      0.65,
      RUNS,
      () => must(root, [...command, 'build', ...out, ...named.flat()]),
      async () => {
        for (const name of ['a', 'b', 'c'])
          await bareMake(`/tmp/bare-${name}`, `${release}-${name}`, 1)()
      },
    ),
  )

  const node = () => must(root, ['node', '-e', '0'])
  rows.push(
    await compare(
      '--version against node -e 0',
      1.5,
      RUNS,
      () => must(root, [...command, '--version']),
      node,
    ),
  )

  await using empty = await Root.of('fresh')
  await empty.addPackage(tarball)
  rows.push(
    await compare(
      'status --json against node -e 0',
      3,
      RUNS,
      () => must(empty, [...command, 'status', '--json']),
      () => must(empty, ['node', '-e', '0']),
    ),
  )

  const size = statSync(tarball).size
  report('toolchain', rows, { runs: RUNS, packedBytes: size })
  console.log(`packed package, all that npx downloads: ${(size / 1024).toFixed(0)} KiB`)
}
