import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ask, type Command } from '../run/exec.ts'
import { type Distribution, managers } from './packages.ts'

/** Where it is written down which packages of the distribution came for a package of ours. */
const record = (name: string): string => join('/var/lib', name, 'packages')

const recorded = (name: string): string[] =>
  existsSync(record(name)) ? readFileSync(record(name), 'utf8').split('\n').filter(Boolean) : []

/** Writes down that packages were brought. */
export function remember(name: string, packages: readonly string[]): void {
  mkdirSync(dirname(record(name)), { recursive: true, mode: 0o700 })
  writeFileSync(record(name), `${[...new Set([...recorded(name), ...packages])].join('\n')}\n`)
}

export function forget(name: string): void {
  rmSync(record(name), { force: true })
  try {
    rmdirSync(dirname(record(name)))
  } catch {
    // Keys are there, or nothing ever was.
  }
}

/** Those of them that are still installed. */
export async function brought(
  name: string,
  distribution: Distribution | undefined,
): Promise<string[]> {
  if (!distribution) return []
  const { installed } = managers[distribution.manager]
  const still = await Promise.all(
    recorded(name).map(async (one) => (await ask([...installed, one])) !== undefined),
  )
  return recorded(name).filter((_, i) => still[i])
}

/** What takes packages away. */
export function removeCommand({ manager }: Distribution, packages: readonly string[]): Command {
  const agreed = {
    apt: ['-y'],
    dnf: ['-y'],
    zypper: [],
    pacman: ['--noconfirm'],
    apk: [],
    xbps: ['-y'],
  }
  return {
    argv: [...managers[manager].remove, ...agreed[manager], ...packages],
    root: true,
    whole: true,
  }
}
