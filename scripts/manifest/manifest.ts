import type { Static } from 'typebox'
import type { distribution, flavour } from './distribution-schema.ts'
import type { act, clock, expectedValue, logLine, smoke, unit } from './look-schema.ts'
import type { kernelOption, make, manifest, module } from './schema.ts'

export type KernelOption = Static<typeof kernelOption>
export type Module = Static<typeof module>
export type Make = Static<typeof make>
/** Some of the kernels that a package is for: all that fit each of what is said. */
export type SomeKernels = NonNullable<Module['kernel']>
export type LogLine = Static<typeof logLine>
export type Unit = Static<typeof unit>
export type ExpectedValue = Static<typeof expectedValue>
export type Act = Static<typeof act>
export type Smoke = Static<typeof smoke>
export type Clock = Static<typeof clock>
export type Distribution = Static<typeof distribution>
export type Flavour = Static<typeof flavour>
export type PackageManager = Distribution['manager']

/** The manifest as it stands in the file; schema.ts says what each field means. */
export type Manifest = Static<typeof manifest>

type Package = Manifest['package']
type Install = NonNullable<Manifest['install']>
type Kernel = NonNullable<Manifest['kernel']>

/** A manifest that was checked, with what it need not say. */
export interface Project extends Omit<Manifest, 'root'> {
  package: Omit<Package, 'version'> & { license: string; maintainer: string }
  /** Absolute path of the manifest. */
  file: string
  /** Its folder, which the sources are relative to. */
  folder: string
  /** Where its package.json, changelog, licence and manual pages are. */
  root: string
  /** `package.version`, or where that is found out. */
  version: string
  /** Files, each by its path from the folder. */
  sources: string[]
  modules: Module[]
  make: Make[]
  kernel: Kernel & { range: string; architectures: NonNullable<Kernel['architectures']> }
  dkms: { range: string }
  install: Install & { location: string; autoload: NonNullable<Install['autoload']> }
  signing: NonNullable<Manifest['signing']>
  distributions: Distribution[]
}
