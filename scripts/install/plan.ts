import type { Programs } from '../build/programs.ts'
import type { Command } from '../run/exec.ts'
import type { Step } from '../run/steps.ts'
import type { Rival } from '../system/dkms.ts'
import { type NewFile, writeFiles } from './files.ts'
import type { OwnCommand } from './own-command.ts'

/** What an installation starts from: data only, so that the plan can be tested without a system. */
export interface InstallInput {
  name: string
  version: string
  modules: string[]
  /** scripts/guest/every-kernel, which does all that is done by dkms. */
  everyKernel: string
  /** The source tree, where it is not there as it should be. */
  sources: NewFile[]
  /** The kernels to be installed for, and those of them that lack this very version. */
  releases: string[]
  lacking: string[]
  /** Other versions of the package in the dkms tree. */
  otherVersions: string[]
  /** Modules of the same names outside dkms's place, for the chosen kernels. */
  strays: string[]
  /** Configuration that is not there as it should be. */
  /** Other packages of dkms's that have modules of these names. */
  rivals: Pick<Rival, 'name' | 'version'>[]
  config: NewFile[]
  /** Programs that the sources build, where one is not there as it should be. */
  programs: Programs | undefined
  /** The command itself, where it is not on the PATH as it should be. */
  command: OwnCommand | undefined
  /** modprobe the modules afterwards; unload these first. */
  load: boolean
  unload: string[]
}

export const sourceFolder = (name: string, version: string): string => `/usr/src/${name}-${version}`

const root = (...argv: string[]): Command => ({ argv, root: true })

/** udev reads its rules, and applies them to PTP clocks that are there; a container has no udev. */
const readRules: Command[] = [
  { ...root('udevadm', 'control', '--reload'), optional: true },
  { ...root('udevadm', 'trigger', '--action=change', '--subsystem-match=ptp'), optional: true },
]

function optional(title: string, kind: Step['kind'], commands: Command[]): Step[] {
  return commands.length > 0 ? [{ title, kind, commands }] : []
}

/** The steps of an installation. Empty where all is as it should be. */
export function planInstall(input: InstallInput): Step[] {
  const { name, version, everyKernel, sources, lacking, otherVersions, rivals } = input
  const { config, programs, command } = input
  const folder = sourceFolder(name, version)
  const kernels = lacking.length > 0 ? lacking : otherVersions.length > 0 ? input.releases : []
  return [
    // First of all: where it fails, nothing was touched.
    ...(programs ? [programs.build] : []),
    ...optional(
      `Remove ${rivals.map((rival) => `${rival.name} ${rival.version}`).join(', ')} from dkms`,
      'dkms',
      rivals.map((rival) => root('dkms', 'remove', '-m', rival.name, '-v', rival.version, '--all')),
    ),
    ...optional(
      `Write the sources of ${name} ${version}`,
      'dkms',
      sources.length > 0 ? [root('rm', '-rf', folder), ...writeFiles(sources)] : [],
    ),
    ...optional(
      `Build and install for ${kernels.join(', ')}`,
      'build',
      kernels.length > 0 ? [root(everyKernel, 'install', name, version, ...kernels)] : [],
    ),
    ...optional('Write configuration', 'install', [
      ...writeFiles(config),
      ...(config.some(({ path }) => path.includes('/udev/rules.d/')) ? readRules : []),
    ]),
    ...optional(
      'Put the programs in place',
      'install',
      programs ? [...writeFiles(programs.files), { argv: ['rm', '-rf', programs.folder] }] : [],
    ),
    ...optional(
      `Put ${name} on the PATH`,
      'install',
      // What another version of it had there goes.
      command ? [root('rm', '-rf', command.folder), ...writeFiles(command.files)] : [],
    ),
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
        ...input.unload.map((module) => root('rmmod', module)),
        ...input.modules.map((module) => root('modprobe', module)),
      ],
    },
  ]
}

/** What a removal starts from. */
export interface UninstallInput {
  name: string
  everyKernel: string
  /** dkms's versions; where there are none, only files are left. */
  versions: string[]
  /** The kernels that it is removed from; all that has to do with no kernel stays, if it stays for one. */
  releases: string[]
  isLast: boolean
  /** Modules that dkms does not know, where there is nothing that every-kernel could go by. */
  modules: string[]
  /** Source folders and configuration that are there. */
  paths: string[]
  /** Folders that are of no use once they are empty. */
  folders: string[]
  /** Loaded modules in the order in which they can be unloaded. */
  loaded: string[]
}

/** The steps of a removal; empty where there is nothing. */
export function planUninstall(input: UninstallInput): Step[] {
  const { name, everyKernel, versions, isLast, modules, paths, releases } = input
  const kernels = isLast ? [] : releases
  return [
    ...optional(
      `Unload ${input.loaded.join(' ')}`,
      'load',
      input.loaded.map((module) => ({ ...root('rmmod', module), optional: true })),
    ),
    ...optional(
      `Remove ${[name, ...versions].join(' ')} from ${releases.join(', ') || 'dkms'}`,
      'dkms',
      modules.length === 0 && (versions.length > 0 || releases.length > 0)
        ? [root(everyKernel, 'remove', name, ...kernels)]
        : [],
    ),
    ...optional(
      'Remove modules that dkms does not know',
      'install',
      modules.length > 0
        ? [root('rm', '-f', ...modules), ...releases.map((release) => root('depmod', release))]
        : [],
    ),
    ...optional(
      'Remove what is left',
      'install',
      isLast && paths.length > 0
        ? [
            root('rm', '-rf', ...paths),
            ...input.folders.map((f) => root('rmdir', '--ignore-fail-on-non-empty', f)),
          ]
        : [],
    ),
  ]
}
