import type { Command } from '../run/exec.ts'
import type { Step } from '../run/steps.ts'

/** What an installation starts from: data only, so that the plan can be tested without a system. */
export interface InstallInput {
  name: string
  version: string
  modules: string[]
  /** Folder with the new source tree. */
  staged: string
  releases: string[]
  /** dkms has this version with these very sources, and its entry is whole. */
  added: boolean
  /** dkms has this version in some form. */
  present: boolean
  /** Kernels for which this version is installed already. */
  installed: string[]
  /** Other versions of the package in the dkms tree. */
  otherVersions: string[]
  /** Modules of the same names outside dkms's place, for the chosen kernels. */
  strays: string[]
  /** Configuration: where it goes, and the file that holds the new text. */
  config: { path: string; staged: string }[]
  /** modprobe the modules afterwards; unload these first. */
  load: boolean
  unload: string[]
}

export const sourceFolder = (name: string, version: string): string => `/usr/src/${name}-${version}`

const root = (...argv: string[]): Command => ({ argv, root: true })

export function dkmsCommand(
  verb: string,
  input: { name: string; version: string },
  ...more: string[]
): Command {
  return root('dkms', verb, '-m', input.name, '-v', input.version, ...more)
}

/** dkms remove --all, then what older versions of dkms leave. */
export function removeVersion(name: string, version: string): Command[] {
  return [
    { ...dkmsCommand('remove', { name, version }, '--all'), optional: true },
    root('rm', '-rf', `/var/lib/dkms/${name}/${version}`, sourceFolder(name, version)),
  ]
}

function addSteps(input: InstallInput): Step[] {
  if (input.added) return []
  const folder = sourceFolder(input.name, input.version)
  return [
    {
      title: `Add ${input.name} ${input.version} to dkms`,
      kind: 'dkms',
      commands: [
        ...(input.present ? removeVersion(input.name, input.version) : []),
        root('rm', '-rf', folder),
        root('cp', '-R', input.staged, folder),
        root('chown', '-R', '0:0', folder),
        dkmsCommand('add', input),
      ],
    },
  ]
}

function kernelSteps(input: InstallInput, release: string): Step[] {
  if (input.added && input.installed.includes(release)) return []
  return [
    {
      title: `Build for ${release}`,
      kind: 'build',
      commands: [dkmsCommand('build', input, '-k', release)],
    },
    {
      title: `Install for ${release}`,
      kind: 'install',
      commands: [dkmsCommand('install', input, '-k', release, '--force')],
    },
  ]
}

/** udev reads its rules, and applies them to PTP clocks that are there; a container has no udev. */
const readRules: Command[] = [
  { ...root('udevadm', 'control', '--reload'), optional: true },
  { ...root('udevadm', 'trigger', '--action=change', '--subsystem-match=ptp'), optional: true },
]

function optional(title: string, kind: Step['kind'], commands: Command[]): Step[] {
  return commands.length > 0 ? [{ title, kind, commands }] : []
}

/**
 * The steps of an installation. Older versions go last, so that no kernel is without modules for
 * longer than dkms needs to exchange them. Empty where all is as it should be.
 */
export function planInstall(input: InstallInput): Step[] {
  const { name } = input
  return [
    ...addSteps(input),
    ...optional(
      'Remove modules installed by hand',
      'install',
      input.strays.length > 0 ? [root('rm', '-f', ...input.strays)] : [],
    ),
    ...input.releases.flatMap((release) => kernelSteps(input, release)),
    ...optional(
      `Remove ${name} ${input.otherVersions.join(', ')}`,
      'dkms',
      input.otherVersions.flatMap((version) => removeVersion(name, version)),
    ),
    ...optional('Write configuration', 'install', [
      ...input.config.map(({ path, staged }) => root('install', '-D', '-m', '644', staged, path)),
      ...(input.config.some(({ path }) => path.includes('/udev/rules.d/')) ? readRules : []),
    ]),
  ]
}

/** Unloads what is loaded in an older version, then loads the modules in their order. */
export function planLoad(input: Pick<InstallInput, 'load' | 'unload' | 'modules'>): Step[] {
  if (!input.load) return []
  return [
    {
      title: `Load ${input.modules.join(' ')}`,
      kind: 'load',
      commands: [
        ...input.unload.map((module) => root('modprobe', '-r', module)),
        ...input.modules.map((module) => root('modprobe', module)),
      ],
    },
  ]
}

/** What a removal starts from. */
export interface UninstallInput {
  name: string
  versions: string[]
  /** Source folders, configuration and stray modules that are there. */
  paths: string[]
  /** Folders that are of no use once they are empty. */
  folders: string[]
  /** Loaded modules in the order in which they can be unloaded. */
  loaded: string[]
  /** Kernels whose module lists have to be made anew. */
  releases: string[]
}

/** The steps of a removal; empty where there is nothing. */
export function planUninstall(input: UninstallInput): Step[] {
  const { name } = input
  return [
    ...optional(
      `Unload ${input.loaded.join(' ')}`,
      'load',
      input.loaded.map((module) => ({ ...root('modprobe', '-r', module), optional: true })),
    ),
    ...optional(
      `Remove ${name} ${input.versions.join(', ')} from dkms`,
      'dkms',
      input.versions.flatMap((version) => removeVersion(name, version)),
    ),
    ...optional(
      'Remove what is left',
      'install',
      input.paths.length > 0
        ? [
            root('rm', '-rf', ...input.paths),
            ...input.folders.map((f) => root('rmdir', '--ignore-fail-on-non-empty', f)),
          ]
        : [],
    ),
    ...optional(
      'Make the module lists anew',
      'install',
      input.versions.length + input.paths.length > 0
        ? input.releases.map((release) => root('depmod', release))
        : [],
    ),
  ]
}
