import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../home.ts'
import { parseChangelog } from '../package/changelog.ts'
import { digest } from '../package/values.ts'
import { exec } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'

/** What a release is made from. */
export interface Source {
  version: string
  repository: string
  /** Of git, whole. */
  commit: string
  /** When that was made, s since 1970. */
  epoch: number
}

/** Runs a program in the checkout; its output. */
export async function must(argv: string[], env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await exec({ argv, cwd: home, env })
  if (status === 0) return stdout
  throw new Failure('package', `${argv.join(' ')} failed with status ${status}.`, {
    details: stderr.trim().split('\n').slice(-15),
  })
}

/** The kinds of packages that a release has, each made by tools that must be there. */
const kinds = ['deb', 'rpm', 'arch', 'alpine']

/** Makes what is the same whoever makes it: npm's package, and those of the distributions. */
export async function makeFiles(out: string): Promise<void> {
  await must(['npm', 'run', '-s', 'build'])
  await must(['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', out])
  for (const kind of kinds)
    await must([
      process.execPath,
      join(home, 'dist/entry.cjs'),
      'package',
      kind,
      '-q',
      '--out',
      out,
    ])
}

/** Those of them that are the same: what dpkg notes of the machine is not. */
export const sameFiles = (out: string): string[] =>
  readdirSync(out)
    .filter((name) => !/\.(buildinfo|changes)$/.test(name))
    .sort()

interface Component {
  name: string
  version: string
  scope?: string
}

interface Bom {
  serialNumber?: string
  metadata: { timestamp: string; component: { name: string } }
  components: Component[]
}

/**
 * The bill of materials, by npm's own generator: of all that was there when it was built, with what is
 * in the bundle as required. Without the hour and a random number it is the same each time.
 */
export async function billOfMaterials({ epoch }: Source): Promise<string> {
  const bom = JSON.parse(await must(['npm', 'sbom', '--sbom-format', 'cyclonedx'])) as Bom
  const { name } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const { libraries } = JSON.parse(readFileSync(join(home, 'dist/built-from.json'), 'utf8')) as {
    libraries: Component[]
  }
  const isBundled = (part: Component) =>
    libraries.some((library) => library.name === part.name && library.version === part.version)
  delete bom.serialNumber
  bom.metadata.timestamp = new Date(epoch * 1000).toISOString()
  bom.metadata.component.name = name
  bom.components = bom.components.map((part) => ({
    ...part,
    scope: isBundled(part) ? 'required' : 'excluded',
  }))
  return `${JSON.stringify(bom, null, 2)}\n`
}

const sha256 = (out: string) => (name: string) => ({
  name,
  digest: { sha256: digest('sha256', join(out, name)) },
})

/**
 * A statement of where files come from, as in-toto and SLSA have it. It says who built: whoever ran
 * this, on a machine of theirs. It proves nothing by itself; `npm run verify` does.
 */
export async function provenance(out: string, names: string[], source: Source): Promise<string> {
  const { version, repository, commit } = source
  const versions = { node: process.versions.node, npm: (await must(['npm', '--version'])).trim() }
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: names.map(sha256(out)),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${repository}#npm-run-release`,
        externalParameters: { repository, commit, version },
        resolvedDependencies: [
          { uri: `git+${repository}@${commit}`, digest: { gitCommit: commit } },
          sha256(home)('package-lock.json'),
        ],
      },
      runDetails: {
        builder: { id: `${repository}#a-machine-of-the-publisher`, version: versions },
        metadata: { finishedOn: new Date().toISOString() },
      },
    },
  }
  return `${JSON.stringify(statement, null, 2)}\n`
}

/** What is new, from CHANGELOG.md. */
export function releaseNotes(version: string): string {
  const text = readFileSync(join(home, 'CHANGELOG.md'), 'utf8')
  const [newest] = parseChangelog(text)
  if (newest?.version !== version)
    throw new Failure(
      'package',
      `CHANGELOG.md begins with ${newest?.version}, and the version is ${version}.`,
      { mend: 'git log -p -1 CHANGELOG.md' },
    )
  const [, section = ''] = text.split(/^## .*$/m)
  return `${section.trim()}\n`
}

/** As sha256sum -c reads it. */
export function writeSums(out: string, names: string[]): void {
  const lines = names.map((name) => `${digest('sha256', join(out, name))}  ${name}\n`)
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''))
}
