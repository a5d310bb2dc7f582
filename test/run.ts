import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { exec, isRoot, show, which } from '../scripts/run/exec.ts'
import { cache } from './support/cache.ts'

/**
 * npm test: brings what the tests need, then runs them all.
 *
 *   npm test -- unit kbuild     only these folders
 */
const needed = { mmdebstrap: 'mmdebstrap', mount: 'mount' }

async function bringTools(): Promise<void> {
  const missing = Object.entries(needed).filter(([program]) => !which(program))
  if (missing.length === 0) return
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends']
  for (const argv of [
    ['apt-get', 'update', '-q'],
    [...install, ...missing.map(([, name]) => name)],
  ]) {
    console.log(`$ ${show({ argv })}`)
    const { status, stderr } = await exec({ argv })
    if (status !== 0) throw new Error(stderr)
  }
}

const wanted = process.argv.slice(2)
const folders = wanted.length > 0 ? wanted : ['unit', 'kbuild', 'root', 'package', 'vm', 'alone']

// What is packed and installed by the tests is what stands in the tree now.
await import('../scripts/tools/bundle.ts')

if (folders.some((folder) => folder !== 'unit')) {
  if (!isRoot()) {
    console.error(
      'The tests make roots and mount them.\n  try: sudo npm test, or npm run test:unit',
    )
    process.exit(10)
  }
  await bringTools()
  mkdirSync(cache, { recursive: true })
}

// The probe waits long for what does not work, so it is made once.
if (folders.some((folder) => ['vm', 'alone'].includes(folder))) {
  const { workingAccelerator } = await import('./support/probe.ts')
  process.env.VMMCI_ACCELERATOR = await workingAccelerator()
  console.log(`Guests run under ${process.env.VMMCI_ACCELERATOR}.`)
}

/** Runs the tests of some folders, so many files at a time; whether all passed. */
function run(folders: string[], concurrency: number): boolean {
  const files = folders.flatMap((folder) =>
    readdirSync(`test/${folder}`)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `test/${folder}/${file}`)
      .sort(),
  )
  if (files.length === 0) return true
  const words = [`--test-concurrency=${concurrency}`, '--test-reporter=spec']
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--test', ...words, ...files],
    { stdio: 'inherit' },
  )
  return status === 0
}

// What measures microseconds is told wrong by a busy machine, and has it for itself.
const alone = (folder: string) => folder === 'alone'
const passed = [
  run(
    folders.filter((folder) => !alone(folder)),
    2,
  ),
  run(folders.filter(alone), 1),
]
process.exitCode = passed.every(Boolean) ? 0 : 1
