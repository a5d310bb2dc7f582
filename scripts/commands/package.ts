import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildFor } from '../build.ts'
import { exec, quote, show, which } from '../exec.ts'
import { Failure } from '../failure.ts'
import type { Project } from '../manifest/manifest.ts'
import type { Output } from '../output.ts'
import { alpine } from '../package/alpine.ts'
import { arch } from '../package/arch.ts'
import { deb } from '../package/deb.ts'
import type { Kind, PackageInput } from '../package/kind.ts'
import { rpm } from '../package/rpm.ts'
import { digest, readChangelog } from '../package/values.ts'
import { requireBuildable } from '../requirements.ts'
import { inScratch } from '../scratch.ts'
import { defaultSelection, headersFailure, requestedKernels } from '../select.ts'
import type { KeyPair } from '../signing/keys.ts'
import { signModule } from '../signing/sign.ts'
import { handleInterrupts, runSteps, type Step } from '../steps.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import type { ModuleInfo } from '../system/modules.ts'
import { type CommonOptions, open } from './options.ts'

const kinds = { deb, rpm, arch, alpine }

export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as KindName[]

export interface PackageOptions extends CommonOptions {
  out?: string
  sign?: string
  binary?: boolean
  key?: string
  cert?: string
}

/** Where packages come to lie if nobody says otherwise. */
export const packagesFolder = 'build/packages'

/** Throws where a kind's own tools are not there. */
function requireTools(kind: Kind, facts: SystemFacts): void {
  const missing = Object.entries(kind.tools).filter(([program]) => !which(program))
  if (missing.length === 0) return
  const manager = facts.distribution?.manager ?? 'apt'
  const packages = missing.map(([program, names]) => names[manager] ?? program)
  throw new Failure('toolchain', `There is no ${missing.map(([program]) => program).join(', ')}.`, {
    mend: facts.installCommand(packages),
  })
}

/** The kinds that were asked for; all of those whose tools are here, for `all`. */
function chosen(word: string, facts: SystemFacts, output: Output): KindName[] {
  if (word !== 'all') {
    requireTools(kinds[word as KindName], facts)
    return [word as KindName]
  }
  return kindNames.filter((name) => {
    try {
      requireTools(kinds[name], facts)
      return true
    } catch (error) {
      output.warn(`No ${name}: ${(error as Failure).message}`)
      output.warn(`  try: ${(error as Failure).more.mend}`)
      return false
    }
  })
}

/** The kernels that packages of built modules are for. */
function binaryKernels(project: Project, facts: SystemFacts, options: PackageOptions): Kernel[] {
  const named = requestedKernels(project, facts, options)
  if (named.length > 0) return named
  const selection = defaultSelection(project, facts)
  if (!selection) throw headersFailure(facts, facts.running)
  return selection.kernels
}

/** A key id goes into rpm's macros: no more than what ids and addresses have. */
export function checkKey(sign: string | undefined): void {
  if (sign !== undefined && !/^[\w.@+-]+$/.test(sign))
    throw new Failure('usage', `${sign} is not a key id or an address.`, { mend: 'gpg -K' })
}

/** The key that modules are signed with; half a one is none. */
function keyPair({ key, cert, binary }: PackageOptions): KeyPair | undefined {
  if (!key && !cert) return undefined
  if (!key || !cert || !binary)
    throw new Failure('usage', '--key and --cert belong together, and to --binary.', {
      mend: 'vmmci-dkms package --help',
    })
  return { key: resolve(key), cert: resolve(cert) }
}

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
interface Plan {
  steps: Step[]
  /** The files of packages. */
  made: string[]
  /** Folders that are not below this run's own, to be removed after it. */
  places: string[]
}

function addPackage(plan: Plan, name: KindName, input: PackageInput, out: string): void {
  const kind = kinds[name]
  const what = input.binary ? `${name} for ${input.binary.release}` : name
  const place = kind.place?.(input.project)
  plan.steps.push(
    {
      title: `Stage ${what}`,
      kind: 'package',
      action: () => {
        if (place) {
          takePlace(place)
          plan.places.push(place)
        }
        return kind.stage(input)
      },
    },
    {
      title: `Make ${what}`,
      kind: 'package',
      commands: kind.commands(input),
      action: async () => {
        for (const result of kind.results(input)) {
          const file = join(out, result)
          writeFileSync(`${file}.new`, readFileSync(join(input.work, result)))
          renameSync(`${file}.new`, file)
          plan.made.push(file)
        }
      },
    },
  )
}

/** Each kind of package, once or for each of the kernels whose modules are to be in it. */
function planPackages(
  project: Project,
  wanted: {
    names: KindName[]
    kernels: (Kernel | undefined)[]
    out: string
    pair: KeyPair | undefined
    sign: string | undefined
  },
): Plan {
  const { names, kernels, out, pair, sign } = wanted
  const plan: Plan = { steps: [], made: [], places: [] }
  const releases = readChangelog(project)
  for (const kernel of kernels) {
    const modules = mkdtempSync(join(tmpdir(), 'modules-'))
    const binary = kernel && { release: kernel.release, folder: join(modules, kernel.release) }
    if (kernel)
      plan.steps.push({
        title: `Build for ${kernel.release}`,
        kind: 'build',
        action: async () => {
          await finishModules(kernel, await buildFor(project, kernel, modules, [anyFolder]), pair)
        },
      })
    for (const name of names) {
      const work = kinds[name].place?.(project) ?? mkdtempSync(join(tmpdir(), `${name}-`))
      const input = { project, releases, work, sign, ...(binary && { binary }) }
      addPackage(plan, name, input, out)
    }
  }
  return plan
}

/** Makes packages by the distributions' own tools; says what came of it. */
export async function makePackages(word: string, options: PackageOptions): Promise<void> {
  const { project, output } = open(options)
  checkKey(options.sign)
  const pair = keyPair(options)
  const facts = readFacts(project)
  const names = chosen(word, facts, output).filter(
    (name) => !options.binary || name === 'deb' || name === 'rpm',
  )
  if (names.length === 0)
    throw new Failure('package', 'None of these packages can be made here.', {
      mend: 'vmmci-dkms package --help',
    })
  const built = options.binary ? binaryKernels(project, facts, options) : []
  await requireBuildable(facts, built)
  const kernels = options.binary ? built : [undefined]
  const out = resolve(options.out ?? packagesFolder)

  handleInterrupts()
  await inScratch(async () => {
    const plan = planPackages(project, { names, kernels, out, pair, sign: options.sign })
    if (options.dryRun) {
      const commands = plan.steps.flatMap((step) => (step.commands ?? []).map(show))
      return output.result({ commands }, () => commands)
    }
    try {
      mkdirSync(out, { recursive: true })
      await runSteps(plan.steps, output)
    } finally {
      for (const place of plan.places) rmSync(place, { recursive: true, force: true })
    }
    const packages = plan.made.map((file) => ({
      file,
      bytes: statSync(file).size,
      sha256: digest('sha256', file),
    }))
    output.result({ packages }, () => packages.map(({ file }) => file))
  })
}
