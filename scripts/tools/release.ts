import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { home } from '../home.ts'
import { digest } from '../package/values.ts'
import { Failure } from '../run/failure.ts'
import { unsetFields } from './publisher.ts'
import {
  billOfMaterials,
  makeFiles,
  must,
  provenance,
  releaseNotes,
  type Source,
  sameFiles,
  writeSums,
} from './release-files.ts'

const help = `npm run release [-- --out DIR] [--sign KEY --url ADDRESS]
    makes all that is published of this version, in build/release: npm's and the
    distributions' packages, a bill of materials, checksums, a statement of where
    it all comes from, and with a key of gpg the repository
npm run verify -- FILE...
    makes files of a release again, and compares
`

interface About {
  version: string
  repository: string | { url: string }
}

const about = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as About &
  Record<string, unknown>

async function readSource(): Promise<Source> {
  const git = (...words: string[]) => must(['git', ...words])
  const { version, repository = '' } = about
  return {
    version,
    repository: (typeof repository === 'string' ? repository : repository.url).replace('git+', ''),
    commit: (await git('rev-parse', 'HEAD')).trim(),
    epoch: Number(await git('log', '-1', '--format=%ct')),
  }
}

/** Throws unless it is somebody's, and is what that commit has. */
async function requirePublishable(): Promise<void> {
  const unset = unsetFields(about)
  if (unset.length > 0)
    throw new Failure('package', `package.json does not say yet: ${unset.join(', ')}.`, {
      mend: 'npm pkg get author homepage repository bugs',
    })
  if (await must(['git', 'status', '--porcelain']))
    throw new Failure('package', 'There are changes that are not committed.', {
      mend: 'git status',
    })
}

async function release(out: string, sign?: string, url = ''): Promise<string[]> {
  await requirePublishable()
  const source = await readSource()
  const notes = releaseNotes(source.version)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  await makeFiles(out)
  writeFileSync(join(out, 'sbom.cdx.json'), await billOfMaterials(source))
  const names = sameFiles(out)
  for (const name of ['buildinfo', 'changes'])
    await must(['find', out, '-name', `*.${name}`, '-delete'])
  writeFileSync(join(out, 'provenance.json'), await provenance(out, names, source))
  writeFileSync(join(out, 'RELEASE-NOTES.md'), notes)
  const all = [...names, 'provenance.json', 'RELEASE-NOTES.md']
  writeSums(out, all)
  if (!sign) return [...all, 'SHA256SUMS']
  const gpg = ['gpg', '--batch', '--yes', '--quiet', '-u', sign, '--armor', '--detach-sign']
  await must([...gpg, join(out, 'SHA256SUMS')])
  const repo = ['package', 'repo', '-q', '--sign', sign, '--from', out, '--out', `${out}-repo`]
  await must([process.execPath, join(home, 'dist/entry.cjs'), ...repo, '--url', url])
  return [...all, 'SHA256SUMS', 'SHA256SUMS.asc', `../${basename(out)}-repo`]
}

/** The commit that a release says it is made from; undefined where a file lies alone. */
function statedCommit(folder: string): string | undefined {
  const file = join(folder, 'provenance.json')
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')).predicate.buildDefinition.externalParameters.commit
}

/** Lines that say of each file whether it is what this checkout makes; throws where one is not. */
async function verify(files: string[]): Promise<string[]> {
  const { commit } = await readSource()
  for (const stated of files.map((file) => statedCommit(dirname(resolve(file)))))
    if (stated && stated !== commit)
      throw new Failure('package', `The release is of ${stated}, and this is ${commit}.`, {
        mend: `git checkout ${stated}`,
      })
  mkdirSync(join(home, 'build'), { recursive: true })
  const made = mkdtempSync(join(home, 'build/verify-'))
  try {
    await makeFiles(made)
    writeFileSync(join(made, 'sbom.cdx.json'), await billOfMaterials(await readSource()))
    for (const file of files) {
      const again = join(made, basename(file))
      if (!existsSync(again))
        throw new Failure('package', `${basename(file)} is not made by a release.`)
      if (digest('sha256', again) !== digest('sha256', file))
        throw new Failure('package', `${file} is not what ${commit} makes.`, {
          mend: 'git status',
        })
    }
    return files.map((file) => `${file} is what ${commit} makes.`)
  } finally {
    rmSync(made, { recursive: true })
  }
}

async function run(): Promise<string[]> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'build/release' },
      sign: { type: 'string' },
      url: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const [what, ...files] = positionals
  if (values.help || (what === 'verify' && files.length === 0)) return [help]
  if (what === 'verify') return verify(files.map((file) => resolve(file)))
  if (!values.sign !== !values.url)
    throw new Failure('usage', '--sign and --url belong together.', {
      mend: 'npm run release -- --help',
    })
  return release(resolve(values.out), values.sign, values.url)
}

try {
  for (const line of await run()) console.log(line)
} catch (error) {
  if (!(error instanceof Failure)) throw error
  const { details = [], mend } = error.more
  for (const line of details) console.error(`  ${line}`)
  console.error(`${error.message}${mend ? `\n  try: ${mend}` : ''}`)
  process.exitCode = error.status
}
