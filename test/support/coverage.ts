import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { home } from '../../scripts/home.ts'

/** Where node writes which lines it ran (NODE_V8_COVERAGE), here and in roots. */
export const rawCoverage = join(home, 'build/coverage/raw')

/** Begins anew; for users that are not root, in roots, too. */
export function emptyRawCoverage(): void {
  rmSync(rawCoverage, { recursive: true, force: true })
  mkdirSync(rawCoverage, { recursive: true })
  chmodSync(rawCoverage, 0o1777)
}
