import type { Distribution } from '../install/packages.ts'

export interface KernelOption {
  /** With the CONFIG_ in front; =y and =m both count. */
  name: string
  /** Why, as people are told. */
  reason: string
}

export interface Module {
  /** Without .ko */
  name: string
  /** modalias patterns; the first one finds the device. */
  aliases?: string[]
  /** BUS/DRIVER below /sys/bus/BUS/drivers */
  driver?: string
  parameters?: Record<string, string>
}

export interface LogLine {
  pattern: string
  reason: string
}

/** How a number is shown to people: as ms, or as a date. */
export type Unit = 'ns' | 'time'

/** A file of the running kernel, and what it must hold. */
export interface ExpectedValue {
  label: string
  path: string
  pattern?: string
  minimum?: number
  maximum?: number
  unit?: Unit
  reason: string
}

/** Something that a person does and the kernel's log tells of. */
export interface Act {
  label: string
  ask: string
  pattern: string
  /** This machine goes down by it. */
  ends?: boolean
}

export interface Smoke {
  expect?: LogLine[]
  forbid?: LogLine[]
  values?: ExpectedValue[]
  interactive?: Act[]
}

/**
 * A clock that a driver measures the system's against. All but `measure` are below `device`, a folder
 * of sysfs, in whose names * stands for any part.
 */
export interface Clock {
  device: string
  /** The PTP clock's folder, named as its device. */
  ptp?: string
  /** That clock minus the system's, ns. */
  drift: string
  /** How near to the drift the truth lies, ns. */
  uncertainty: string
  /** That clock when it was measured, s since 1970 with a fraction. */
  hostTime: string
  /** The newest measurement's errno, 0 for none. */
  error?: string
  /** 1 while a time daemon is seen to steer the system's clock. */
  disciplined?: string
  counts?: { label: string; path: string }[]
  /** A module's parameter that measures at once when its own value is written to it. */
  measure?: string
}

/** The manifest as it stands in the file; schema.json says what each field means. */
export interface Manifest {
  package: {
    name: string
    summary: string
    description?: string
    license: string
    homepage?: string
    maintainer: string
  }
  sources: string[]
  modules: Module[]
  kernel: {
    range: string
    architectures: string[]
    options?: { required?: KernelOption[]; recommended?: KernelOption[] }
  }
  dkms: { range: string }
  install: {
    location: string
    autoload: 'modalias' | 'boot' | 'none'
    udev?: string
    /** What chrony is told, and its unit for systemd. */
    chrony?: { config: string; unit: string }
  }
  signing: 'auto' | 'require' | 'never'
  clock?: Clock
  status?: { label: string; path: string; unit?: Unit }[]
  smoke?: Smoke
  distributions: Distribution[]
}

/** A manifest that was checked, with what its surroundings add. */
export interface Project extends Manifest {
  /** Absolute path of the manifest. */
  file: string
  /** Its folder, which the sources are relative to. */
  folder: string
  /** From the nearest package.json. */
  version: string
}
