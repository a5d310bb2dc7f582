import type { FailureKind } from '../run/failure.ts'

/** What each kind of failure means, for pages and people. */
export const endings: Record<FailureKind, string> = {
  internal: 'a fault of ours: please report it',
  usage: 'no such command or option, or a wrong value',
  manifest: 'the manifest has mistakes; all of them are printed',
  kernel: 'no such kernel, not a kernel release, or out of range',
  headers: 'kernel headers are missing, incomplete, or those of another kernel',
  toolchain: 'a compiler or another tool is missing or too old',
  dkms: 'dkms is missing, too old, or its tree is broken',
  build: 'the compiler failed; its lines and the log are named',
  install: 'what was installed is not what was meant',
  privilege: 'neither root nor sudo nor doas',
  space: 'the disk is full',
  owned: 'a package of the distribution has installed it',
  busy: 'another run has not ended',
  packages: 'the package manager failed, or you did not agree',
  platform: 'not for this machine or distribution',
  load: 'installed, but the kernel does not load it',
  smoke: 'a check of the smoke test failed',
  package: 'no package or repository could be made',
  sign: 'a module could not be signed',
  interrupted: 'ended by Ctrl-C or a signal, and undone',
}

/** Ways in which every command can end. */
export const always: readonly FailureKind[] = ['internal', 'usage', 'manifest', 'interrupted']
