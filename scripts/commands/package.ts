import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chooseKernels } from '../build/select.ts'
import { must } from '../check/finding.ts'
import { requireBuildable } from '../check/kernel.ts'
import { checkNeeds } from '../check/system.ts'
import type { Documents } from '../cli/documents.ts'
import type { Project } from '../manifest/manifest.ts'
import { type KindName, kindNames, planPackages, toolsFor } from '../package/plan.ts'
import { digest } from '../package/values.ts'
import { type Command, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import type { Output } from '../run/output.ts'
import { inScratch, makeFolder, newFolder } from '../run/scratch.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { ours } from '../run/typed.ts'
import type { KeyPair } from '../signing/keys.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import { type CommonOptions, open } from './options.ts'

export interface PackageOptions extends CommonOptions {
  out?: string
  sign?: string[]
  /** Only what the tools work on, in this folder. */
  stage?: string
  binary?: boolean
  key?: string
  cert?: string
}

/** Where packages come to lie if nobody says otherwise. */
export const packagesFolder = 'build/packages'

/** Throws where what a kind needs is not there. */
function requireTools(name: KindName, project: Project, facts: SystemFacts): void {
  const missing = Object.entries(toolsFor(name, project)).filter(([program]) => !which(program))
  if (missing.length === 0) return
  const manager = facts.distribution?.manager ?? 'apt'
  const packages = missing.map(([program, names]) => names[manager] ?? program)
  throw new Failure('toolchain', `There is no ${missing.map(([program]) => program).join(', ')}.`, {
    mend: facts.installCommand(packages),
  })
}

/** The kinds that were asked for; all of those whose tools are here, for `all`. */
function chosen(word: string, project: Project, facts: SystemFacts, output: Output): KindName[] {
  if (word !== 'all') {
    requireTools(word as KindName, project, facts)
    return [word as KindName]
  }
  return kindNames.filter((name) => {
    try {
      requireTools(name, project, facts)
      return true
    } catch (error) {
      const { message, more } = error as Failure
      output.warn(`No ${name}: ${message}`)
      if (more.mend) output.warn(`  try: ${more.mend}`)
      return false
    }
  })
}

/** A key id goes into rpm's macros: no more than what ids and addresses have. */
export function checkKey(sign: string | undefined): void {
  if (sign !== undefined && !/^[\w.@+-]+$/.test(sign))
    throw new Failure('usage', `${sign} is not a key id or an address.`, { mend: 'gpg -K' })
}

/** The key that packages are signed with. */
function onlyKey({ sign = [] }: PackageOptions): string | undefined {
  const [key, ...more] = sign
  if (more.length > 0)
    throw new Failure('usage', 'A package is signed with one key.', {
      mend: 'vmmci-dkms package --help',
    })
  checkKey(key)
  return key
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

/** Throws where a kernel is named for packages that are for all of them. */
function requireBuilt({ binary, kernel, allKernels }: PackageOptions): void {
  if (!binary && (kernel || allKernels))
    throw new Failure('usage', 'Only --binary takes kernels: a package of sources is for all.', {
      mend: 'vmmci-dkms package --help',
    })
}

/** What a person would type: what the tools work on is written by --stage. */
function showPackages(
  project: Project,
  word: string,
  { binary, key, cert }: PackageOptions,
  wanted: Parameters<typeof planPackages>[2],
  output: Output,
): void {
  const work = newFolder()
  const { stage, make, places } = planPackages(project, work, wanted)
  const kernels = wanted.kernels.flatMap((kernel) => (kernel ? ['--kernel', kernel.release] : []))
  const signs = key && cert ? ['--key', resolve(key), '--cert', resolve(cert)] : []
  const words = [...(binary ? ['--binary'] : []), ...kernels, ...signs, '--stage', work]
  const step = (title: string, ...commands: Command[]): Step => ({
    title,
    kind: 'package',
    commands,
  })
  showPlan(
    [
      step(
        stage.map(({ title }) => title).join(', '),
        { argv: ['mkdir', '-p', wanted.out] },
        ours('package', word, ...words),
      ),
      ...make,
      step('Remove what they were made of', { argv: ['rm', '-rf', work, ...places] }),
    ],
    output,
  )
}

/** Makes packages by the distributions' own tools; says what came of it. */
export async function makePackages(word: string, options: PackageOptions): Promise<void> {
  const { project, output } = open(options)
  const sign = onlyKey(options)
  const pair = keyPair(options)
  requireBuilt(options)
  const facts = readFacts(project)
  const names = chosen(word, project, facts, output).filter(
    (name) => !options.binary || name === 'deb' || name === 'rpm',
  )
  if (names.length === 0)
    throw new Failure('package', 'None of these packages can be made here.', {
      mend: 'vmmci-dkms package --help',
    })
  const built = options.binary ? await chooseKernels(project, facts, options, output) : []
  // Alpine's programs are built where its package is.
  const builds = options.binary || (project.programs && names.some((name) => name !== 'alpine'))
  if (builds) must(await checkNeeds(project, facts))
  await requireBuildable(facts, built)
  const kernels = options.binary ? built : [undefined]
  const out = resolve(options.out ?? packagesFolder)

  const wanted = { names, kernels, out, pair, sign }
  if (options.dryRun) return showPackages(project, word, options, wanted, output)
  handleInterrupts()
  if (options.stage) {
    const work = resolve(options.stage)
    makeFolder(work)
    await inScratch(() => runSteps(planPackages(project, work, wanted).stage, output))
    const document: Documents['package --stage'] = { stage: work }
    return output.result(document, () => [work])
  }
  await inScratch(async () => {
    const plan = planPackages(project, mkdtempSync(join(tmpdir(), 'package-')), wanted)
    try {
      makeFolder(out)
      await runSteps([...plan.stage, ...plan.make], output)
    } finally {
      for (const place of plan.taken) rmSync(place, { recursive: true, force: true })
    }
    const document: Documents['package'] = {
      packages: plan.made.map((file) => ({
        file,
        bytes: statSync(file).size,
        sha256: digest('sha256', file),
      })),
    }
    output.result(document, () => plan.made)
  })
}
