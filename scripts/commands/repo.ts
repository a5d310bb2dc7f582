import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Documents } from '../cli/documents.ts'
import {
  addDebs,
  addKeys,
  addRpms,
  exportKeys,
  indexDebs,
  indexRpms,
  type RepositoryInput,
  usage,
  writeRepoFile,
} from '../package/repository.ts'
import { which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { handleInterrupts, throwIfInterrupted } from '../run/interrupt.ts'
import { alone } from '../run/lock.ts'
import { inScratch, makeFolder } from '../run/scratch.ts'
import { runSteps, type Step } from '../run/steps.ts'
import { readFacts } from '../system/facts.ts'
import { type CommonOptions, open } from './options.ts'
import { checkKey, packagesFolder } from './package.ts'

export interface RepoOptions extends CommonOptions {
  out?: string
  from?: string
  url?: string
  sign?: string[]
}

function packagesIn(folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder) : []
  const packages = files.filter((name) => /\.(deb|rpm)$/.test(name))
  if (packages.length === 0)
    throw new Failure('package', `There are no packages in ${folder}.`, {
      mend: 'vmmci-dkms package all',
    })
  return packages.map((name) => join(folder, name))
}

const tools = {
  deb: { 'apt-ftparchive': 'apt-utils', 'dpkg-deb': 'dpkg', gpg: 'gnupg', xz: 'xz-utils' },
  rpm: { rpmsign: 'rpm', createrepo_c: 'createrepo-c', gpg: 'gnupg' },
}

/** Signed apt and yum repositories of what was built, in a folder that any web server can serve. */
export async function makeRepository(options: RepoOptions): Promise<void> {
  const { project, output } = open(options)
  const keys = options.sign ?? []
  keys.forEach(checkKey)
  if (keys.length === 0)
    throw new Failure('usage', 'A repository is signed: --sign says with which key.', {
      mend: 'gpg --list-secret-keys',
    })
  const packages = packagesIn(resolve(options.from ?? packagesFolder))
  const out = resolve(options.out ?? 'build/repo')
  const input: RepositoryInput = { project, packages, out, keys }
  const kinds = (['deb', 'rpm'] as const).filter((kind) =>
    packages.some((file) => file.endsWith(`.${kind}`)),
  )
  const missing = kinds.flatMap((kind) =>
    Object.entries(tools[kind]).filter(([program]) => !which(program)),
  )
  if (missing.length > 0)
    throw new Failure(
      'toolchain',
      `There is no ${missing.map(([program]) => program).join(', ')}.`,
      {
        mend: readFacts(project).installCommand(missing.map(([, name]) => name)),
      },
    )

  const url = options.url?.replace(/\/+$/, '')
  if (!url)
    throw new Failure('usage', 'Guests are told where the repository is: --url says it.', {
      mend: 'vmmci-dkms package repo --help',
    })
  if (!/^https?:\/\/[\w.:[\]-]+(\/[\w.~/-]*)?$/.test(url))
    throw new Failure('usage', `${url} is not the address of a web server.`, {
      mend: 'vmmci-dkms package repo --help',
    })
  const step = (title: string, action: () => Promise<void>): Step => ({
    title,
    kind: 'package',
    action: async () => {
      throwIfInterrupted()
      await action()
    },
  })
  const steps = [
    step('Export the public keys', () => exportKeys(input)),
    ...(kinds.includes('deb')
      ? [
          step('Add and index debs', async () => {
            addDebs(input)
            await addKeys(input, url)
            await indexDebs(input)
          }),
        ]
      : []),
    ...(kinds.includes('rpm')
      ? [
          step('Add, sign and index rpms', async () => {
            await addRpms(input)
            await indexRpms(input)
            writeRepoFile(input, url)
          }),
        ]
      : []),
  ]
  handleInterrupts()
  makeFolder(out)
  await alone(
    out,
    join(out, '.lock'),
    (line) => output.warn(line),
    () => inScratch(() => runSteps(steps, output)),
  )
  const use = usage(input, url)
  const document: Documents['package repo'] = { repository: out, packages, use }
  output.result(document, () => [
    `Serve ${out}; then, as root in a guest:`,
    ...Object.entries(use).flatMap(([where, lines]) => [
      '',
      `${where}:`,
      ...lines.map((line) => `  ${line}`),
    ]),
  ])
}
