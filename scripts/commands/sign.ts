import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { buildFolder } from '../build/commands.ts'
import { requestedKernels } from '../build/select.ts'
import type { Documents } from '../cli/documents.ts'
import { readyKernels } from '../install/read-boot.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames } from '../manifest/names.ts'
import { Failure } from '../run/failure.ts'
import { handleInterrupts } from '../run/interrupt.ts'
import type { Output } from '../run/output.ts'
import { inScratch } from '../run/scratch.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { chooseKey } from '../signing/keys.ts'
import { signModule, typedSigning } from '../signing/sign.ts'
import { readFacts } from '../system/facts.ts'
import type { Kernel } from '../system/kernels.ts'
import { findModules } from '../system/modules.ts'
import { type CommonOptions, open, runAlone } from './options.ts'

export interface SignOptions extends CommonOptions {
  out?: string
  key?: string
  cert?: string
}

/** The files to sign: what build made in OUT, or what is installed. */
function modulesOf(project: Project, kernel: Kernel, options: SignOptions): string[] {
  const names = fileNames(project)
  if (!options.out) return findModules(kernel.release, names)
  const folder = buildFolder(resolve(options.out), kernel)
  return names.map((name) => join(folder, `${name}.ko`)).filter((file) => existsSync(file))
}

async function run(project: Project, options: SignOptions, output: Output): Promise<void> {
  const facts = readFacts(project)
  const named = requestedKernels(project, facts, options)
  const kernels = named.length > 0 ? named : [facts.running]
  const files = kernels.map((kernel) => ({ kernel, modules: modulesOf(project, kernel, options) }))
  const empty = files.find(({ modules }) => modules.length === 0)
  if (empty) {
    const ready = options.out ? [] : readyKernels(project)
    throw new Failure('sign', `Kernel ${empty.kernel.release} has no modules of ours to sign.`, {
      // Installed for another kernel: installing once more would not bring them for this one.
      mend: options.out
        ? 'vmmci-dkms build'
        : ready.length > 0
          ? `vmmci-dkms sign --kernel ${ready.at(-1)}`
          : 'vmmci-dkms install',
    })
  }
  const pair = chooseKey(options)
  if (!pair)
    throw new Failure('sign', 'There is no key to sign with.', {
      mend: 'vmmci-dkms sign --key FILE --cert FILE',
    })
  const steps: Step[] = []
  for (const { kernel, modules } of files) {
    for (const file of modules) {
      const same = options.dryRun ? await typedSigning(kernel, file, pair) : []
      if (!same)
        throw new Failure('toolchain', 'There is neither sign-file nor kmodsign to be typed.', {
          mend: `vmmci-dkms sign --kernel ${kernel.release}`,
        })
      steps.push({
        title: `Sign ${basename(file)} for ${kernel.release}`,
        kind: 'sign',
        same,
        action: () => signModule(kernel, file, pair),
      })
    }
    if (!options.out)
      steps.push({
        title: `Make the module lists of ${kernel.release} anew`,
        kind: 'sign',
        commands: [{ argv: ['depmod', kernel.release], root: true }],
      })
  }
  const signed = files.flatMap(({ modules }) => modules)
  if (options.dryRun) return showPlan(steps, output)
  output.say(`Key: ${pair.key} (${pair.of})`)
  const all = () => inScratch(() => runSteps(steps, output))
  // What build made is made again as easily.
  if (options.out) await all()
  else
    await transaction(
      () => ({ paths: signed, releases: kernels.map(({ release }) => release) }),
      output,
      all,
    )
  const { key, cert, of } = pair
  const document: Documents['sign'] = { key, cert, of, files: signed }
  output.result(document, () => signed)
}

/** Signs what build made or what is installed, and checks it. */
export async function sign(options: SignOptions): Promise<void> {
  if (!options.out) return runAlone(options, run)
  const { project, output } = open(options)
  handleInterrupts()
  await run(project, options, output)
}
