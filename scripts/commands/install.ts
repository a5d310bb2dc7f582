import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import semver from 'semver'
import { readLog, verifyModule } from '../build.ts'
import { requireRoot, show } from '../exec.ts'
import { Failure } from '../failure.ts'
import type { Project } from '../manifest/manifest.ts'
import { confirm, type Output } from '../output.ts'
import { buildHint, errorLines } from '../plan/hints.ts'
import { type InstallInput, planInstall, planLoad, sourceFolder } from '../plan/install.ts'
import { managers } from '../plan/packages.ts'
import { configFiles } from '../plan/render.ts'
import { findMissing, installPrerequisites, prerequisiteCommands } from '../prerequisites.ts'
import { checkRange, defaultSelection, headersFailure, requestedKernels } from '../select.ts'
import { holdsSourceTree, writeSourceTree } from '../source-tree.ts'
import { handleInterrupts, runSteps, type Step, showSteps, throwIfInterrupted } from '../steps.ts'
import { danglingEntries, dkmsTree, dkmsVersion, readDkms } from '../system/dkms.ts'
import { readFacts, type SystemFacts } from '../system/facts.ts'
import { type Kernel, machine, sameArchitecture } from '../system/kernels.ts'
import { alone } from '../system/lock.ts'
import { freeSpace } from '../system/machine.ts'
import { findModules, loadedModules } from '../system/modules.ts'
import { findOwner } from '../system/ownership.ts'
import { transaction } from '../transaction.ts'
import { requireBuildable } from './build.ts'
import { type CommonOptions, open } from './options.ts'

export interface InstallOptions extends CommonOptions {
  prereqs?: boolean
}

/** A source tree, its build and the installed modules, with room to spare. */
const neededSpace = 32 * 1024 * 1024

/** Throws on a system where installing by dkms cannot be. */
function requirePlatform(project: Project, facts: SystemFacts): void {
  const { distribution } = facts
  if (distribution && distribution.dkms.length === 0)
    throw new Failure(
      'platform',
      `${distribution.dkmsNote ?? `${distribution.name} has no dkms`}.`,
      {
        mend: `npx ${project.package.name} build`,
      },
    )
  if (!project.kernel.architectures.some((name) => sameArchitecture(name, machine())))
    throw new Failure('platform', `${project.package.name} is not for ${machine()}.`)
}

/** Throws where a distribution's package has it in hand, and says how to update that. */
export async function requireNotOwned(project: Project, verb: 'install' | 'remove'): Promise<void> {
  for (const { version } of readDkms(project.package.name)) {
    const owner = await findOwner(join(sourceFolder(project.package.name, version), 'dkms.conf'))
    if (!owner) continue
    const { refresh = [], install, remove } = managers[owner.manager]
    const words = verb === 'install' ? install : remove
    throw new Failure(
      'owned',
      `Version ${version} belongs to the package ${owner.package}; leaving it alone.`,
      {
        mend: [
          ...(verb === 'install' && refresh.length > 0 ? [refresh.join(' '), '&&'] : []),
          ...words,
          owner.package,
        ].join(' '),
      },
    )
  }
}

async function requireDkms(project: Project, facts: SystemFacts): Promise<void> {
  const version = await dkmsVersion()
  const mend = facts.installCommand(facts.distribution?.dkms ?? ['dkms'])
  if (!version)
    throw new Failure(
      'dkms',
      `dkms is not installed. ${facts.distribution?.dkmsNote ?? ''}`.trim(),
      { mend },
    )
  if (!semver.satisfies(version, project.dkms.range))
    throw new Failure('dkms', `dkms ${version} is not ${project.dkms.range}.`, { mend })
  const dangling = danglingEntries()
  if (dangling.length > 0)
    throw new Failure('dkms', `dkms has an entry whose source is gone: ${dangling.join(', ')}.`, {
      mend: `rm -r ${dangling.join(' ')}`,
    })
}

function requireSpace(): void {
  for (const folder of ['/usr/src', dkmsTree, '/lib/modules', tmpdir()])
    if (freeSpace(folder) < neededSpace)
      throw new Failure('space', `There is less than ${neededSpace >> 20} MiB free in ${folder}.`, {
        mend: `df -h ${folder}`,
      })
}

function selectKernels(
  project: Project,
  facts: SystemFacts,
  options: InstallOptions,
  output: Output,
): Kernel[] {
  const named = requestedKernels(project, facts, options)
  if (named.length > 0) return named
  const selection = defaultSelection(project, facts)
  if (!selection) throw headersFailure(facts, facts.running)
  for (const kernel of selection.kernels) checkRange(project, kernel)
  if (selection.note) output.tell(selection.note)
  return selection.kernels
}

/** Modules of ours that dkms did not put there: someone's `make install`, for instance. */
function strays(project: Project, releases: string[]): string[] {
  const names = project.modules.map((module) => module.name)
  const builds = readDkms(project.package.name).flatMap((version) => version.builds)
  return releases.flatMap((release) => {
    const files = findModules(release, names)
    const dkmsHasIt = builds.some((b) => b.release === release && b.state === 'installed')
    const place = dkmsHasIt && dkmsPlaces.find((p) => files.some((file) => file.includes(p)))
    return place ? files.filter((file) => !file.includes(place)) : files
  })
}

/** Where dkms installs: Debian and kin, Arch; SUSE; Fedora and RHEL. The first that has files is it. */
const dkmsPlaces = ['/updates/dkms/', '/updates/', '/extra/']

/** What a plan needs to know, from the system as it is now. */
function readInput(project: Project, kernels: Kernel[], staged: string): InstallInput {
  const { name } = project.package
  const { version } = project
  const versions = readDkms(name)
  const own = versions.find((v) => v.version === version)
  const releases = kernels.map((kernel) => kernel.release)
  const modules = project.modules.map((module) => module.name)
  const loaded = loadedModules(modules)
  const load = project.install.autoload !== 'none' && kernels.some((kernel) => kernel.running)
  return {
    name,
    version,
    modules,
    staged: join(staged, 'source'),
    releases,
    present: own !== undefined,
    added: own?.source === true && holdsSourceTree(project, sourceFolder(name, version)),
    installed: (own?.builds ?? []).filter((b) => b.state === 'installed').map((b) => b.release),
    otherVersions: versions.map((v) => v.version).filter((v) => v !== version),
    strays: strays(project, releases),
    config: configFiles(project)
      .filter(({ path, text }) => readLog(path) !== text)
      .map(({ path }) => ({
        path,
        staged: join(staged, basename(join(path, '..')), basename(path)),
      })),
    load: load && loaded.filter((m) => m.version === version).length < modules.length,
    unload: loaded
      .filter((module) => module.version !== version)
      .map((module) => module.name)
      .reverse(),
  }
}

function stage(project: Project, folder: string): void {
  mkdirSync(join(folder, 'source'))
  writeSourceTree(project, join(folder, 'source'))
  for (const { path, text } of configFiles(project)) {
    mkdirSync(join(folder, basename(join(path, '..'))), { recursive: true })
    writeFileSync(join(folder, basename(join(path, '..')), basename(path)), text)
  }
}

/** All that an installation or a removal may touch. */
export function touchedPaths(project: Project, kernels: Kernel[]): string[] {
  const { name } = project.package
  const modules = project.modules.map((module) => module.name)
  const versions = new Set([project.version, ...readDkms(name).map((v) => v.version)])
  const places = kernels.flatMap(({ release }) => {
    const found = findModules(release, modules)
    const usual = ['updates/dkms', 'extra', 'updates'].flatMap((place) =>
      modules.flatMap((m) =>
        ['', '.xz', '.gz', '.zst'].map((c) => `/lib/modules/${release}/${place}/${m}.ko${c}`),
      ),
    )
    return [...found, ...usual]
  })
  return [
    ...new Set([
      `${dkmsTree}/${name}`,
      ...[...versions].map((version) => sourceFolder(name, version)),
      ...configFiles(project).map(({ path }) => path),
      ...places,
    ]),
  ]
}

/** dkms says little about a failed build; its make.log says it all, and is kept. */
function explainBuild(project: Project, step: Step): Step {
  if (step.kind !== 'build') return step
  return {
    ...step,
    explain: (command, result) => {
      const log = join(dkmsTree, project.package.name, project.version, 'build/make.log')
      const text = `${readLog(log)}\n${result.stdout}${result.stderr}`
      if (/No space left on device/i.test(text)) return undefined
      const kept = join(mkdtempSync(join(tmpdir(), `${project.package.name}-log-`)), 'make.log')
      writeFileSync(kept, text)
      const hint = buildHint(text)
      return new Failure('build', `${show(command)} failed with status ${result.status}.`, {
        details: [...errorLines(text), ...(hint ? [hint] : [])],
        mend: `less ${kept}`,
      })
    },
  }
}

function verifyStep(project: Project, kernels: Kernel[]): Step {
  const names = project.modules.map((module) => module.name)
  return {
    title: 'Check what was installed',
    kind: 'install',
    action: async () => {
      for (const kernel of kernels) {
        const files = findModules(kernel.release, names)
        for (const name of names) {
          const own = files.filter((file) => basename(file).startsWith(`${name}.ko`))
          if (own.length !== 1)
            throw new Failure(
              'install',
              `Kernel ${kernel.release} has ${own.length} files of ${name}.`,
              {
                mend: `find /lib/modules/${kernel.release} -name '${name}.ko*'`,
                details: own,
              },
            )
        }
        for (const file of files) await verifyModule(project, kernel, file, 'install')
      }
    },
  }
}

/** Loading is not part of what is undone: modules that a missing key keeps out are installed well. */
async function load(input: InstallInput, output: Output): Promise<void> {
  const steps = planLoad(input).map(
    (step): Step => ({
      ...step,
      explain: (command, result) =>
        new Failure('load', 'The modules are installed, but could not be loaded.', {
          details: result.stderr.trim().split('\n'),
          mend: show(command),
        }),
    }),
  )
  await runSteps(steps, output)
}

async function run(project: Project, options: InstallOptions, output: Output): Promise<void> {
  let facts = readFacts(project)
  requirePlatform(project, facts)
  await requireNotOwned(project, 'install')
  const named = requestedKernels(project, facts, options)
  if (!options.dryRun) requireRoot()

  if (options.prereqs !== false) {
    if (options.dryRun) {
      const missing = await findMissing(project, facts, named)
      if (missing.packages.length > 0) {
        const commands = prerequisiteCommands(facts, missing)
        const lines = [
          '# Install what is needed first',
          ...commands.map(show),
          '# The rest follows from what these bring.',
        ]
        output.result({ commands: lines.filter((line) => !line.startsWith('#')) }, () => lines)
        return
      }
    } else {
      await installPrerequisites(project, facts, named, options, output)
      facts = readFacts(project)
    }
  }

  const kernels = selectKernels(project, facts, options, output)
  await requireDkms(project, facts)
  await requireBuildable(facts, kernels)
  requireSpace()
  throwIfInterrupted()

  const folder = mkdtempSync(join(tmpdir(), `${project.package.name}-`))
  try {
    stage(project, folder)
    const input = readInput(project, kernels, folder)
    const steps = planInstall(input).map((step) => explainBuild(project, step))
    if (options.dryRun) {
      const all = [...steps, ...planLoad(input)]
      output.result({ commands: all.flatMap((s) => (s.commands ?? []).map(show)) }, () =>
        showSteps(all),
      )
      return
    }
    await agreeToTakeOver(input, options.yes === true, output)
    if (steps.length > 0)
      await transaction(touchedPaths(project, kernels), input.releases, output, () =>
        runSteps([...steps, verifyStep(project, kernels)], output),
      )
    await load(input, output)
    report(project, input, steps.length === 0, output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is in the way is named, and taken over only if that was agreed to. */
async function agreeToTakeOver(input: InstallInput, yes: boolean, output: Output): Promise<void> {
  if (input.strays.length + input.otherVersions.length === 0) return
  if (input.strays.length > 0) {
    output.say('Taking over modules that were installed by hand:')
    for (const file of input.strays) output.say(`  ${file}`)
  }
  for (const version of input.otherVersions) output.say(`Replacing version ${version}.`)
  if (!yes && !(await confirm('Go on?')))
    throw new Failure('install', 'Another installation is in the way, and was left as it is.', {
      mend: 'vmmci-dkms install --yes',
    })
}

function report(project: Project, input: InstallInput, nothing: boolean, output: Output): void {
  const { name } = project.package
  const document = {
    package: name,
    version: project.version,
    kernels: input.releases,
    changed: !nothing,
    loaded: loadedModules(input.modules).map((module) => module.name),
  }
  output.result(document, () => [
    nothing
      ? `${name} ${project.version} is installed already for ${input.releases.join(', ')}.`
      : `${name} ${project.version} is installed for ${input.releases.join(', ')}.`,
    'dkms will rebuild it at each kernel upgrade.',
    ...(input.releases.includes(readFacts(project).running.release)
      ? []
      : ['Not loaded: none of these is the running kernel.']),
  ])
}

export async function install(options: InstallOptions): Promise<void> {
  const { project, output } = open(options)
  if (options.dryRun) return run(project, options, output)
  handleInterrupts()
  await alone(
    project.package.name,
    (line) => output.warn(line),
    () => run(project, options, output),
  )
}
