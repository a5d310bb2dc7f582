import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { home } from '../../scripts/source-tree.ts'
import { command, packedPackage, Root } from '../support/roots.ts'
import { median } from './statistics.ts'

/**
 * npm run bench -- toolchain: what the toolchain costs, as ratios of two things done side by side in one run,
 * medians of RUNS. Written to build/bench.json and as a table.
 */
const RUNS = 7

interface Row {
  what: string
  ours: number
  bare: number
  goal: number
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

/** Both in turn, so that a busy moment of the machine meets both. */
async function compare(
  what: string,
  goal: number,
  ours: () => Promise<unknown>,
  bare: () => Promise<unknown>,
): Promise<Row> {
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
  for (let run = 0; run < RUNS; run++) {
    times.ours.push(await seconds(ours))
    times.bare.push(await seconds(bare))
  }
  return { what, ours: median(times.ours), bare: median(times.bare), goal }
}

async function must(root: Root, words: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await root.run(words)
  if (status !== 0) throw new Error(`${words.join(' ')}: ${status}\n${stdout}${stderr}`)
}

export async function benchToolchain(): Promise<void> {
  await import('../../scripts/bundle.ts')
  const tarball = await packedPackage()
  await using root = await Root.of('dkms')
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
      () => must(empty, [...command, 'status', '--json']),
      () => must(empty, ['node', '-e', '0']),
    ),
  )

  const size = statSync(tarball).size
  mkdirSync(join(home, 'build'), { recursive: true })
  writeFileSync(
    join(home, 'build/bench.json'),
    `${JSON.stringify({ runs: RUNS, rows, packedBytes: size }, null, 2)}\n`,
  )

  console.log(`${'median of'.padEnd(42)} ours      bare      ratio  goal`)
  for (const { what, ours, bare, goal } of rows)
    console.log(
      `${what.padEnd(42)} ${ours.toFixed(3).padStart(7)} s ${bare.toFixed(3).padStart(7)} s ${(ours / bare).toFixed(2).padStart(6)} ${goal.toFixed(2).padStart(5)}`,
    )
  console.log(`packed package, all that npx downloads: ${(size / 1024).toFixed(0)} KiB`)
}
