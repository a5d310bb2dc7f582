import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartialStrykerOptions } from '@stryker-mutator/api/core'
import { home } from '../../scripts/home.ts'
import { cacheFolder } from '../support/cache.ts'

/**
 * npm run mutants: small faults are put into the pure parts of scripts/, one at a time, and a unit test
 * has to notice. `npm run mutants -- --mutate scripts/install/plan.ts` tries one file.
 */
const pure = [
  'build/{hints,installed-files,make,render,select}',
  'install/{boot,exchange,files,headers,load-problem,packages,plan}',
  'look/{smoke,status,watch}',
  'manifest/{for-kernel,kernel-range,load,module-version,resolve,rules,sources}',
  'package/{changelog,machines,values,versions}',
  'run/{exec,output}',
  'signing/{keys,new-key,signature}',
  'system/{chrony,clock,compiler,container,dkms,efi,kernel-config,kernels,machine,modprobe,modules}',
]

/** All that judges: the tests, what they lean on, and the libraries. */
const judges = ['unit', 'mutants', 'support', 'fixtures']
  .flatMap((folder) =>
    readdirSync(join(home, 'test', folder), { recursive: true, withFileTypes: true }),
  )
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
  .concat(join(home, 'package-lock.json'))
  .sort()

const allOfThem = Buffer.concat(judges.map((file) => readFileSync(file)))

// Stryker ends its workers without a word: what their tests leave goes with this folder.
const left = mkdtempSync(join(tmpdir(), 'vmmci-dkms-mutants-'))
chmodSync(left, 0o755)
process.env.TMPDIR = left
process.on('exit', () => rmSync(left, { recursive: true, force: true }))

export default {
  mutate: pure.map((files) => `scripts/${files}.ts`),
  buildCommand: 'node test/mutants/bundle.ts',
  testRunner: 'in-process',
  plugins: ['./test/mutants/runner.ts'],
  // TypeScript 7 has no API by which Stryker could rewrite it, and nothing in it has to be.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  // What runs once, as a file is loaded, would have all of them loaded anew for each: tables, mostly.
  ignoreStatic: true,
  // What the same tests said of lines that did not change is not asked again.
  incremental: true,
  incrementalFile: `${cacheFolder('mutants', allOfThem)}.json`,
  concurrency: 2,
  // A loaded machine is slow, and what is slow is no mutant that was noticed.
  timeoutMS: 10_000,
  thresholds: { high: 90, low: 80, break: 80 },
  reporters: ['clear-text', 'progress', 'json'],
  allowConsoleColors: false,
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: 'build/mutants.json' },
  tempDirName: 'build/mutants',
  ignorePatterns: ['/build', '/dist'],
} satisfies PartialStrykerOptions
