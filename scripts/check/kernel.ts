import semver from 'semver'
import { noMake } from '../build/make.ts'
import { headersFor } from '../build/select.ts'
import { headersFailure, isInstalled } from '../install/find-headers.ts'
import { forKernel } from '../manifest/for-kernel.ts'
import type { KernelOption, Project } from '../manifest/manifest.ts'
import { which } from '../run/exec.ts'
import { compilerFit, compilerPackages, compilerProblem } from '../system/compiler.ts'
import type { SystemFacts } from '../system/facts.ts'
import { findCompiler } from '../system/find-compiler.ts'
import { hasOption } from '../system/kernel-config.ts'
import type { Kernel } from '../system/kernels.ts'
import { type Finding, fail, must, note, ok } from './finding.ts'

async function checkHeaders(facts: SystemFacts, kernel: Kernel): Promise<Finding> {
  const failure = await headersFailure(facts, kernel)
  if (failure) return fail('headers', 'headers', failure.message, failure.more.mend)
  return ok('headers', kernel.headers.folder ?? '')
}

function checkRange(project: Project, kernel: Kernel): Finding {
  const { range } = project.kernel
  return semver.satisfies(kernel.version, range)
    ? ok('range', `${kernel.version} is in ${range}`)
    : fail('range', 'kernel', `${kernel.version} is not in ${range}.`, 'ls /lib/modules')
}

/** The command that brings a kernel's compiler. */
function compilerMend(facts: SystemFacts, { headers }: Kernel): string | undefined {
  const { manager = 'apt', toolchain = ['gcc', 'make'] } = facts.distribution ?? {}
  return facts.installCommand(compilerPackages(headers, manager, toolchain))
}

/** Whether there is a compiler, and one that can make modules for this kernel. */
async function checkCompiler(facts: SystemFacts, kernel: Kernel): Promise<Finding> {
  const mend = compilerMend(facts, kernel)
  const { compilerVersion, compiler: wanted = 'gcc' } = kernel.headers
  const compiler = await findCompiler(kernel.headers)
  const problem = !compiler
    ? `There is no compiler; kernel ${kernel.release} wants ${wanted}.`
    : which('make')
      ? compilerProblem(compiler, kernel)
      : 'There is no make.'
  if (problem || !compiler)
    return fail('compiler', 'toolchain', `${problem}${facts.byHand(['gcc', 'make'])}`, mend)
  const name = `${compiler.name} ${compiler.version}`
  return compilerFit(compiler, kernel.headers) === 'newer'
    ? note('compiler', `${name} is newer than the ${compilerVersion} that built the kernel.`, mend)
    : ok('compiler', name)
}

function checkOptions(project: Project, kernel: Kernel): Finding[] {
  const { required = [], recommended = [] } = project.kernel.options ?? {}
  const wrong = (list: KernelOption[]) =>
    list.filter(({ name }) => !hasOption(kernel.headers, name))
  const said = ({ name, reason }: KernelOption) =>
    name.startsWith('!') ? `${name.slice(1)} is on: ${reason}.` : `${name} is off: ${reason}.`
  const missing = [
    ...wrong(required).map((o) => fail('option', 'kernel', said(o))),
    ...wrong(recommended).map((o) => note('option', said(o))),
  ]
  return missing.length > 0 ? missing : [ok('options', 'all that are asked for are on')]
}

/** The modules that a manifest has, and not for this kernel; and whether it says how the others are built. */
export function checkModules(project: Project, kernel: Kernel): Finding[] {
  const { modules, make } = forKernel(project, kernel)
  if (modules.length === 0)
    return [fail('modules', 'kernel', `No module is for ${kernel.release}.`, 'ls /lib/modules')]
  if (make.length === 0) return [fail('make', 'kernel', noMake(kernel.release), 'ls /lib/modules')]
  const others = project.modules.filter((module) => !modules.includes(module))
  return others.map(({ name }) => note('module', `${name} is not for this kernel.`))
}

/** Without the flavour's metapackage the next kernel comes without its headers. */
async function checkMetapackage(facts: SystemFacts, kernel: Kernel): Promise<Finding[]> {
  const packages = headersFor(facts, kernel.release)
  if (!packages || !facts.distribution) return []
  const { metapackage } = packages
  return !(await isInstalled(facts.distribution.manager, metapackage))
    ? [
        note(
          'upgrades',
          `${metapackage} is not installed: the next kernel will lack its headers.`,
          facts.installCommand([metapackage]),
        ),
      ]
    : [ok('upgrades', `${metapackage} brings the next kernel's headers`)]
}

/** All that has to do with one kernel. */
export async function checkKernel(
  project: Project,
  facts: SystemFacts,
  kernel: Kernel,
): Promise<Finding[]> {
  const findings = [checkRange(project, kernel), await checkHeaders(facts, kernel)]
  if (!kernel.headers.folder) return findings
  return [
    ...findings,
    await checkCompiler(facts, kernel),
    ...checkOptions(project, kernel),
    ...checkModules(project, kernel),
    ...(await checkMetapackage(facts, kernel)),
  ]
}

/** Throws unless a build for each of the kernels can begin. */
export async function requireBuildable(facts: SystemFacts, kernels: Kernel[]): Promise<void> {
  for (const kernel of kernels) {
    must(await checkHeaders(facts, kernel))
    must(await checkCompiler(facts, kernel))
  }
}
