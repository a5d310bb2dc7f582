import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'
import { ask, type Command, exec, quote, show } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { Generation } from './generation.ts'
import { addKeyring, keyringName } from './keyring.ts'
import { machineOf } from './machines.ts'
import { digest, plainName } from './values.ts'

/** What a repository is made from. */
export interface RepositoryInput {
  project: Project
  /** Packages that come in. */
  packages: string[]
  /** The folder that a web server serves: deb/, rpm/ and key.asc. */
  out: string
  /** Keys of the user's gpg: all of them sign what is an index, the first signs rpms. */
  keys: string[]
}

/** The machines that a pool is indexed for: apt looks for its own, also for what is for every machine. */
export const architecturesOf = ({ kernel }: Project): string[] =>
  kernel.architectures.map((name) => machineOf('kernel', name).deb)

const compressions: Record<string, string[]> = { gz: ['gzip', '-9nk'], xz: ['xz', '-k'] }

/** Runs a command; what it says on stdout. */
async function must(command: Command): Promise<string> {
  const { status, stdout, stderr } = await exec(command)
  if (status === 0) return stdout
  throw new Failure('package', `${show(command)} failed with status ${status}.`, {
    details: stderr.trim().split('\n'),
  })
}

const gpg = (keys: readonly string[], ...words: string[]): Command => ({
  argv: ['gpg', '--batch', '--yes', '--quiet', ...keys.flatMap((key) => ['-u', key]), ...words],
})

/** Puts a file in place whole or not at all. */
function place(content: Buffer, file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, content)
  renameSync(`${file}.new`, file)
}

const taken = (file: string) =>
  new Failure('package', `${file} is another package of the same version.`, {
    mend: `rm ${quote(file)}`,
  })

/** Adds packages to pool/; those of other versions stay. Throws where one would change. */
export function addDebs({ packages, out }: RepositoryInput): void {
  for (const file of packages.filter((name) => name.endsWith('.deb'))) {
    const target = join(out, 'deb/pool', basename(file))
    if (!existsSync(target)) place(readFileSync(file), target)
    else if (digest('sha256', target) !== digest('sha256', file)) throw taken(target)
  }
}

/** Under its digest, where apt looks for it even after the next index was made. */
function byHash(file: string, folder: string): void {
  mkdirSync(join(folder, 'by-hash/SHA256'), { recursive: true })
  copyFileSync(file, join(folder, 'by-hash/SHA256', digest('sha256', file)))
}

const packagesFiles = ['Packages', ...Object.keys(compressions).map((end) => `Packages.${end}`)]

/** Makes the index of pool/ anew: Packages by architecture, Release, InRelease, by-hash. */
export async function indexDebs({ project, out, keys }: RepositoryInput): Promise<void> {
  const root = join(out, 'deb')
  const generation = new Generation(join(root, 'dists'))
  const suite = join(generation.folder, 'stable')
  const architectures = architecturesOf(project)
  for (const architecture of architectures) {
    const place = `main/binary-${architecture}`
    const folder = join(suite, place)
    mkdirSync(folder, { recursive: true })
    const list = ['apt-ftparchive', '--arch', architecture, 'packages', 'pool']
    writeFileSync(join(folder, 'Packages'), await must({ argv: list, cwd: root }))
    for (const compress of Object.values(compressions))
      await must({ argv: [...compress, join(folder, 'Packages')] })
    for (const name of packagesFiles) {
      byHash(join(folder, name), folder)
      // Whoever has the Release of before finds what it tells of.
      const before = generation.previous && join(generation.previous, 'stable', place, name)
      if (before && existsSync(before)) byHash(before, folder)
    }
  }
  const fields = {
    Origin: project.package.name,
    Label: project.package.name,
    Suite: 'stable',
    Codename: 'stable',
    Architectures: architectures.join(' '),
    Components: 'main',
    'Acquire-By-Hash': 'yes',
  }
  const options = Object.entries(fields).flatMap(([name, value]) => [
    '-o',
    `APT::FTPArchive::Release::${name}=${value}`,
  ])
  const release = await must({ argv: ['apt-ftparchive', ...options, 'release', suite] })
  const file = join(suite, 'Release')
  writeFileSync(file, release)
  await must(gpg(keys, '--clearsign', '-o', join(suite, 'InRelease'), file))
  await must(gpg(keys, '--armor', '--detach-sign', '-o', join(suite, 'Release.gpg'), file))
  chmodSync(generation.folder, 0o755)
  generation.publish()
}

/** What a package is but for its signature. */
const header = (file: string) =>
  ask(['rpm', '-qp', '--nosignature', '--qf', '%{SHA256HEADER}', file])

/** Adds packages, signed; those of other versions stay. Throws where one would change. */
export async function addRpms({ packages, out, keys }: RepositoryInput): Promise<void> {
  for (const file of packages.filter((name) => name.endsWith('.rpm'))) {
    const target = join(out, 'rpm', basename(file))
    if (existsSync(target)) {
      if ((await header(target)) !== (await header(file))) throw taken(target)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    const unsigned = join(dirname(target), `.${basename(target)}.new`)
    writeFileSync(unsigned, readFileSync(file))
    try {
      await must({ argv: ['rpmsign', '--define', `_gpg_name ${keys[0]}`, '--resign', unsigned] })
      renameSync(unsigned, target)
    } finally {
      rmSync(unsigned, { force: true })
    }
  }
}

/** Makes repodata/ anew, by createrepo_c, and signs it. */
export async function indexRpms({ out, keys }: RepositoryInput): Promise<void> {
  const root = join(out, 'rpm')
  const generation = new Generation(join(root, 'repodata'))
  const { folder, previous } = generation
  const made = join(folder, 'repodata')
  await must({
    argv: [
      'createrepo_c',
      '--quiet',
      '--no-database',
      '--general-compress-type=gz',
      '--outputdir',
      folder,
      '--excludes',
      '.*.new',
      root,
    ],
  })
  for (const name of readdirSync(made)) renameSync(join(made, name), join(folder, name))
  rmSync(made, { recursive: true })
  const repomd = join(folder, 'repomd.xml')
  await must(gpg(keys, '--armor', '--detach-sign', '-o', `${repomd}.asc`, repomd))
  // Whoever has the repomd.xml of before finds what it tells of.
  if (previous) {
    const list = readFileSync(join(previous, 'repomd.xml'), 'utf8')
    for (const name of readdirSync(previous))
      if (list.includes(name) && !existsSync(join(folder, name)))
        copyFileSync(join(previous, name), join(folder, name))
  }
  chmodSync(folder, 0o755)
  generation.publish()
}

/** The public halves of the keys, for those who use the repository. */
export async function exportKeys({ out, keys }: RepositoryInput): Promise<void> {
  for (const key of keys)
    if (!(await must({ argv: ['gpg', '--batch', '--armor', '--export', key] })))
      throw new Failure('package', `gpg has no key ${key}.`, { mend: 'gpg --list-secret-keys' })
  const text = await must({ argv: ['gpg', '--batch', '--armor', '--export', ...keys] })
  place(Buffer.from(text), join(out, 'key.asc'))
}

const keyringFile = ({ project, out }: RepositoryInput) => join(out, `${keyringName(project)}.deb`)

/** The package of the keys: in the pool, and under a name that stays, for who has no key yet. */
export async function addKeys(input: RepositoryInput, url: string): Promise<void> {
  const { project, out } = input
  const file = join(out, 'key.asc')
  const binary = join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys.gpg')
  await must({ argv: ['gpg', '--batch', '--dearmor', '-o', binary, file] })
  const content = { keys: readFileSync(binary), url }
  const newest = await addKeyring(project, join(out, 'deb/pool'), content, must)
  place(readFileSync(newest), keyringFile(input))
}

/** What a person pastes into a guest, as root, by kind. */
export function usage(input: RepositoryInput, url: string): Record<string, string[]> {
  const { project, out } = input
  const { name } = project.package
  const keyring = basename(keyringFile(input))
  return {
    ...(existsSync(keyringFile(input)) && {
      'Debian, Ubuntu': [
        `curl -fsSO ${url}/${keyring}`,
        `apt install ./${keyring}`,
        `apt update && apt install ${plainName(name)}`,
      ],
    }),
    ...(existsSync(join(out, 'rpm/repodata')) && {
      'Fedora, RHEL': [
        `curl -fsSo /etc/yum.repos.d/${name}.repo \\`,
        `  ${url}/rpm/${name}.repo`,
        `dnf install ${name}`,
      ],
      openSUSE: [`zypper addrepo ${url}/rpm/${name}.repo`, `zypper install ${name}`],
    }),
  }
}

/** The .repo file that dnf and zypper read. */
export function writeRepoFile({ project, out }: RepositoryInput, url: string): void {
  const { name, summary } = project.package
  const lines = [
    `[${name}]`,
    `name=${summary}`,
    `baseurl=${url}/rpm`,
    'enabled=1',
    'gpgcheck=1',
    'repo_gpgcheck=1',
    `gpgkey=${url}/key.asc`,
    '',
  ]
  place(Buffer.from(lines.join('\n')), join(out, `rpm/${name}.repo`))
}
