import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ask, type Command } from '../run/exec.ts'
import type { Step } from '../run/steps.ts'
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

/** The step that forgets it; keys may be in the same folder. */
export function forgetSteps(name: string): Step[] {
  if (!existsSync(record(name))) return []
  const commands: Command[] = [
    { argv: ['rm', '-f', record(name)], root: true },
    { argv: ['rmdir', '--ignore-fail-on-non-empty', dirname(record(name))], root: true },
  ]
  return [{ title: 'Forget which packages came along', kind: 'install', commands }]
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
