/** Exit statuses, one for each kind of failure. What each means is in scripts/cli/endings.ts. */
export const exitStatus = {
  internal: 1,
  usage: 2,
  manifest: 3,
  kernel: 4,
  headers: 5,
  toolchain: 6,
  dkms: 7,
  build: 8,
  install: 9,
  privilege: 10,
  space: 11,
  owned: 12,
  busy: 13,
  packages: 14,
  platform: 15,
  load: 16,
  smoke: 17,
  package: 18,
  sign: 19,
  interrupted: 130,
} as const

export type FailureKind = keyof typeof exitStatus

/**
 * What went wrong, as one sentence, and the exact command that mends it.
 *
 * `details` are lines to print as they are: a compiler's own words, a list of mistakes.
 */
export class Failure extends Error {
  override readonly name = 'Failure'

  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly more: { mend?: string | undefined; details?: readonly string[] } = {},
  ) {
    super(message)
  }

  get status(): number {
    return exitStatus[this.kind]
  }
}
