import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fill } from '../build/render.ts'
import type { PackageManager } from '../install/packages.ts'
import type { Project } from '../manifest/manifest.ts'
import { type Command, exec } from '../run/exec.ts'
import type { Release } from './changelog.ts'
import { manualPages, packagingFile, tarCommand, writePackageTree } from './files.ts'
import { binaryValues, packageValues, sourceDateEpoch } from './values.ts'

/** What a package is made from. */
export interface PackageInput {
  project: Project
  releases: Release[]
  /** An empty folder to work in. */
  work: string
  /** For a package of built modules: their kernel, and the folder that they lie in. */
  binary?: { release: string; folder: string }
  /** A key of the user's gpg. */
  sign?: string | undefined
}

/** One kind of package: what it needs, what it does, and what comes of it. */
export interface Kind {
  /** A folder to work in, where what is made tells in which it was: always the same one. */
  place?: (project: Project) => string
  /** A program, and the package that brings it. */
  tools: Record<string, Partial<Record<PackageManager, string>>>
  /** Writes what the commands work on. */
  stage(input: PackageInput): Promise<void>
  commands(input: PackageInput): Command[]
  /** The files that are the result, from the work folder. */
  results(input: PackageInput): string[]
}

/** What the templates are filled with. */
export const values = ({ project, releases, binary }: PackageInput) => ({
  ...packageValues(project, releases, manualPages(project)),
  ...(binary && { binary: binaryValues(project, binary.release) }),
})

/** A template, filled. */
export function rendered(input: PackageInput, template: string, more: object = {}): string {
  const text = readFileSync(packagingFile(template), 'utf8')
  return fill(text, { ...values(input), ...more })
}

/** What makes a build the same at any time. */
export const environment = (input: PackageInput) => ({
  SOURCE_DATE_EPOCH: sourceDateEpoch(input.releases),
  TZ: 'UTC',
})

/** Runs what a stage needs done. */
export const run = async (command: Command): Promise<void> => {
  const { status, stderr } = await exec(command)
  if (status !== 0) throw new Error(stderr)
}

/** The source archive for rpm, pacman and apk; its path. */
export async function sourceArchive(input: PackageInput, folder: string): Promise<string> {
  const { project, releases, work } = input
  const name = `${project.package.name}-${project.version}`
  const tree = join(work, 'tree')
  mkdirSync(join(tree, name), { recursive: true })
  writePackageTree(project, join(tree, name))
  mkdirSync(folder, { recursive: true })
  const archive = join(folder, `${name}.tar.gz`)
  await run(tarCommand(tree, name, archive, sourceDateEpoch(releases)))
  return archive
}
