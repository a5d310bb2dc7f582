import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../scripts/home.ts'
import { nodeDisk } from './support/disks.ts'
import { initramfs } from './support/initramfs.ts'
import {
  allSeries,
  bootableKernel,
  debugSeries,
  kernelRoots,
  type Released,
  rootOf,
  type Series,
} from './support/kernels.ts'
import { builtPackages } from './support/packages.ts'
import { baseRoot, type RootName } from './support/roots.ts'

/**
 * What runs where. `npm test` is what everybody runs before a commit: it shows each thing once, the
 * drivers on the oldest and the newest kernel. `npm run test:all` is that and all the rest.
 *
 * | part     | what                                              | npm test     | test:all   |
 * | -------- | ------------------------------------------------- | ------------ | ---------- |
 * | unit     | plans, manifest, rendering, messages              | all          | all        |
 * | device   | the test device against what vmd's code answered  | all          | all        |
 * | drivers  | the drivers in guests                             | 5.10 and 7.3 | five       |
 * | install  | install, uninstall and every failure, in roots    | fresh        | all        |
 * | package  | packages made, served, installed, removed         | each         | all        |
 * | modules  | modules of others: a plain one, one that asks     |              | two        |
 * | kbuild   | built without a warning, and by dkms 2.8 to 3.2   |              | all        |
 * | system   | whole Debians, Secure Boot, daemons, smoke        |              | all        |
 * | alone    | chrony to 50 us: nothing runs beside it           |              | all        |
 * | coverage | lines of scripts/ that tests run                  |              | all        |
 * | mutants  | faults put into scripts/ that tests must notice   |              | all        |
 * | debug    | the drivers on kernels that look for faults       |              |            |
 *
 * Debug is npm run test:debug: on "memory" all that test/vm shows of the drivers, and the nth allocation
 * that fails; on "races" what races.
 *
 * In test:all a driver test is shown on all five kernels where an interface that it meets changed on
 * the way from one to the next (`on: 'all'` in test/vm), else on the oldest and the newest.
 */
export interface Job {
  part: string
  /** What it is called in lines and tables. */
  name: string
  /** The words after node, or an npm script's name. */
  words: string[]
  env?: Record<string, string>
  roots: RootName[]
  /** What is made for the cache besides, before it starts. */
  make?: () => Promise<unknown>
  /** `npm test` runs it. */
  quick?: boolean
  /** It counts for the coverage, and runs in all of test:all for that. */
  counted?: boolean
  /** It comes last, with nothing beside it: it tells microseconds, or what the others did. */
  alone?: boolean
  /** Only where it is named. */
  named?: boolean
}

const runner = ['--import', 'tsx', '--test-reporter=./test/support/reporter.mjs']

const file = (path: string): string[] => [...runner, path]

/** A job for each test file of a folder. */
function folder(part: string, place: string, rest: (name: string) => Partial<Job>): Job[] {
  return readdirSync(join(home, 'test', place))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => ({
      part,
      name: `${part} ${name.replace('.test.ts', '')}`,
      words: file(`test/${place}/${name}`),
      roots: [],
      ...rest(name.replace('.test.ts', '')),
    }))
}

const driverFiles = new Set(
  'clock command driver hostile life line host power ptp device'.split(' '),
)

const guestRoots = (series: Series): RootName[] => ['qemu', rootOf[series]]

/** What these boot, or boot with, beside a kernel. */
const systemRoots: Record<string, RootName[]> = {
  debian: ['debian', 'package', 'kernel-7.3'],
  'secure-boot': ['secure-boot', 'package'],
  smoke: [...new Set(Object.values(kernelRoots))],
  matrix: ['kernel-5.10', 'kernel-7.3'],
  race: ['kernel-5.10', 'kernel-7.3'],
  openrc: ['openrc'],
  daemons: ['kernel-7.3'],
}

/** What installations begin with, where it is something else than a Debian 13. */
const rootRoots: Record<string, RootName[]> = {
  fresh: ['fresh'],
  install: ['dkms', 'fresh', 'kernel-5.10'],
}

const ends = [allSeries[0], allSeries.at(-1)] as Released[]

/** A job in guests of one kernel. */
const onKernel = (part: string, series: Series, words: string[]): Job => ({
  part,
  name: `${part} ${series}`,
  words,
  env: { VMMCI_SERIES: series },
  roots: [...guestRoots(series), 'node'],
  make: () => Promise.all([bootableKernel(series), initramfs(series), nodeDisk()]),
})

/** All jobs, those that take long first: both processors are busy to the end then. */
export const jobs: Job[] = [
  ...ends.concat(allSeries.filter((series) => !ends.includes(series))).map((series) => ({
    ...onKernel('drivers', series, file('test/vm/drivers.ts')),
    quick: ends.includes(series),
  })),
  {
    ...onKernel('debug', debugSeries[0] as Series, file('test/vm/drivers.ts')),
    name: 'debug drivers',
    named: true,
  },
  ...debugSeries.map((series) => ({
    ...onKernel('debug', series, file('test/debug/all.ts')),
    named: true,
  })),
  // Early, for without kept verdicts it takes nine minutes, half of which it only waits.
  { part: 'mutants', name: 'mutants', words: ['npm', 'run', '-s', 'mutants'], roots: [] },
  ...folder('system', 'vm', (name) => ({
    roots: [...guestRoots('6.12'), 'node', ...(systemRoots[name] ?? [])],
    make: () =>
      Promise.all([initramfs('6.12'), nodeDisk(), ...(name === 'debian' ? [builtPackages()] : [])]),
  })).filter(({ name }) => !driverFiles.has(name.replace('system ', ''))),
  ...folder('install', 'root', (name) => ({
    roots: rootRoots[name] ?? ['dkms', 'fresh'],
    counted: true,
    quick: name === 'fresh',
  })),
  ...folder('package', 'package', (name) => ({
    roots: ['package', 'dkms'],
    counted: true,
    ...(name === 'each' ? { quick: true } : { make: builtPackages }),
  })),
  {
    // npm run test:modules has the others.
    part: 'modules',
    name: 'modules',
    words: file('test/modules/modules.test.ts'),
    env: { VMMCI_MODULES: 'acpi-call-dkms apfs-dkms' },
    roots: ['package'],
  },
  ...folder('kbuild', 'kbuild', () => ({
    roots: [...new Set(Object.values(kernelRoots)), 'kernel-6.1-i386'] as RootName[],
  })),
  {
    part: 'device',
    name: 'device',
    words: file('test/vm/device.test.ts'),
    roots: ['qemu'],
    quick: true,
  },
  {
    part: 'unit',
    name: 'unit',
    words: file('test/unit/all.ts'),
    roots: [],
    quick: true,
    counted: true,
  },
  {
    part: 'coverage',
    name: 'coverage',
    words: ['--import', 'tsx', 'test/coverage.ts'],
    roots: [],
    alone: true,
  },
  ...folder('alone', 'alone', () => ({
    roots: [...new Set(allSeries.flatMap(guestRoots)), 'node'] as RootName[],
    alone: true,
  })),
]

export const partNames = [...new Set(jobs.map(({ part }) => part))]

/** Roots and those that they are layers on come once, whoever asks for them. */
export const makeRoots = (roots: readonly RootName[]): Promise<unknown> =>
  Promise.all(roots.map(baseRoot))
