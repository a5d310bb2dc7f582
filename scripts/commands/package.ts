import { rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { chooseKernels } from '../build/select.ts'
import { must } from '../check/finding.ts'
import { requireBuildable } from '../check/kernel.ts'
import { checkNeeds } from '../check/system.ts'
import type { Documents } from '../cli/documents.ts'
import type { Kind } from '../package/kind.ts'
import { type KindName, kindNames, kinds, planPackages } from '../package/plan.ts'
import { digest } from '../package/values.ts'
import { show, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import type { Output } from '../run/output.ts'
import { inScratch, makeFolder } from '../run/scratch.ts'
import { runSteps } from '../run/steps.ts'
import type { KeyPair } from '../signing/keys.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import { type CommonOptions, open } from './options.ts'

export interface PackageOptions extends CommonOptions {
  out?: string
  sign?: string[]
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

/** Makes packages by the distributions' own tools; says what came of it. */
export async function makePackages(word: string, options: PackageOptions): Promise<void> {
  const { project, output } = open(options)
  const sign = onlyKey(options)
  const pair = keyPair(options)
  const facts = readFacts(project)
  const names = chosen(word, facts, output).filter(
    (name) => !options.binary || name === 'deb' || name === 'rpm',
  )
  if (names.length === 0)
    throw new Failure('package', 'None of these packages can be made here.', {
      mend: 'vmmci-dkms package --help',
    })
  const built = options.binary ? await chooseKernels(project, facts, options, output) : []
  if (options.binary) must(await checkNeeds(project, facts))
  await requireBuildable(facts, built)
  const kernels = options.binary ? built : [undefined]
  const out = resolve(options.out ?? packagesFolder)

  handleInterrupts()
  await inScratch(async () => {
    const plan = planPackages(project, { names, kernels, out, pair, sign })
    if (options.dryRun) {
      const commands = plan.steps.flatMap((step) => (step.commands ?? []).map(show))
      return output.commands(commands)
    }
    try {
      makeFolder(out)
      await runSteps(plan.steps, output)
    } finally {
      for (const place of plan.places) rmSync(place, { recursive: true, force: true })
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
