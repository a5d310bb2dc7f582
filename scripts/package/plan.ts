import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildFor } from '../build/build.ts'
import { explainPrograms } from '../build/programs.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { Project } from '../manifest/manifest.ts'
import { exec, quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Step } from '../run/steps.ts'
import type { KeyPair } from '../signing/keys.ts'
import { signModule } from '../signing/sign.ts'
import type { Kernel } from '../system/kernels.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { alpine } from './alpine.ts'
import { arch } from './arch.ts'
import { deb } from './deb.ts'
import type { Kind, PackageInput } from './kind.ts'
import { readReleases } from './releases.ts'
import { rpm } from './rpm.ts'

export const kinds = { deb, rpm, arch, alpine }

export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as KindName[]

/** What a Makefile in the sources wants. */
const compiling: Kind['tools'] = {
  cc: { apt: 'gcc', dnf: 'gcc', zypper: 'gcc', pacman: 'gcc', apk: 'gcc', xbps: 'gcc' },
  make: {},
}

/** A kind's own tools, and those for the project's programs. Alpine's are built where its package is. */
export const toolsFor = (name: KindName, { programs }: Project): Kind['tools'] => ({
  ...kinds[name].tools,
  ...(name !== 'alpine' && programs?.make.some(({ program }) => !program) && compiling),
})

/** Makes the folder that a kind's tools want to find themselves in; one run has it at a time. */
function takePlace(place: string): void {
  try {
    mkdirSync(place, { mode: 0o755 })
  } catch {
    throw new Failure('busy', `${place} is there: another run is at work, or was torn off.`, {
      mend: `rm -r ${quote(place)}`,
    })
  }
}

/** For make, whose M is the folder: nothing of what is built tells where that was. */
const anyFolder = 'KCFLAGS=-ffile-prefix-map=$(M)=.'

/** What is stripped and signed is what is packed. */
async function finishModules(
  kernel: Kernel,
  infos: ModuleInfo[],
  pair: KeyPair | undefined,
): Promise<void> {
  for (const { file } of infos) {
    const { status, stderr } = await exec({ argv: ['strip', '--strip-debug', file] })
    if (status !== 0) throw new Failure('build', stderr.trim(), { mend: `file ${quote(file)}` })
    if (pair) await signModule(kernel, file, pair)
  }
}

/** What makes packages, step by step, and what will have come of it. */
export interface PackagePlan {
  /** First, what the tools work on is written. */
  stage: Step[]
  /** Then they make packages of it. */
  make: Step[]
  /** The files of packages. */
  made: string[]
  /** Folders that are not below this run's own, to be removed after it; the second is of those there are. */
  places: string[]
  taken: string[]
}

function addPackage(plan: PackagePlan, name: KindName, input: PackageInput, out: string): void {
  const kind = kinds[name]
  const what = input.binary ? `${name} for ${input.binary.release}` : name
  const place = kind.place?.(input.project)
  if (place) plan.places.push(place)
  const results = kind.results(input)
  plan.stage.push({
    title: `Stage ${what}`,
    kind: 'package',
    action: () => {
      if (place) {
        takePlace(place)
        plan.taken.push(place)
      } else mkdirSync(input.work, { recursive: true, mode: 0o700 })
      return kind.stage(input)
    },
  })
  plan.make.push({
    title: `Make ${what}`,
    kind: 'package',
    commands: kind.commands(input),
    explain: explainPrograms(input.project, `package ${name}`),
    same: [{ argv: ['cp', ...results.map((result) => join(input.work, result)), out] }],
    action: async () => {
      for (const result of results) {
        const file = join(out, result)
        writeFileSync(`${file}.new`, readFileSync(join(input.work, result)))
        renameSync(`${file}.new`, file)
        plan.made.push(file)
      }
    },
  })
}

/** Each kind of package, once or for each of the kernels whose modules are to be in it, worked on in `work`. */
export function planPackages(
  project: Project,
  work: string,
  wanted: {
    names: KindName[]
    kernels: (Kernel | undefined)[]
    out: string
    pair: KeyPair | undefined
    sign: string | undefined
  },
): PackagePlan {
  const { names, kernels, out, pair, sign } = wanted
  const plan: PackagePlan = { stage: [], make: [], made: [], places: [], taken: [] }
  const releases = readReleases(project)
  for (const kernel of kernels) {
    const modules = join(work, 'modules')
    const binary = kernel && { release: kernel.release, folder: join(modules, kernel.release) }
    if (kernel)
      plan.stage.push({
        title: `Build for ${kernel.release}`,
        kind: 'build',
        action: async () => {
          await finishModules(kernel, await buildFor(project, kernel, modules, [anyFolder]), pair)
        },
      })
    for (const name of names) {
      const own = join(work, kernel ? `${name}-${kernel.release}` : name)
      const place = kinds[name].place?.(project) ?? own
      const input = {
        project: kernel ? forKernel(project, kernel) : project,
        releases,
        work: place,
        sign,
        ...(binary && { binary }),
      }
      addPackage(plan, name, input, out)
    }
  }
  return plan
}
