import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ask, type Command } from '../run/exec.ts'
import type { Step } from '../run/steps.ts'
import { type Distribution, managers } from './packages.ts'

/** Where it is written down which packages of the distribution came for a package of ours. */
const record = (name: string): string => join('/var/lib', name, 'packages')

const recorded = (name: string): string[] =>
  existsSync(record(name))
    ? [...new Set(readFileSync(record(name), 'utf8').split('\n').filter(Boolean))]
    : []

/** The step that writes down that packages were brought, after those that were before. */
export function rememberSteps(name: string, packages: readonly string[]): Step[] {
  if (packages.length === 0) return []
  const append = ['dd', 'status=none', 'oflag=append', 'conv=notrunc', `of=${record(name)}`]
  const commands: Command[] = [
    { argv: ['mkdir', '-p', '-m', '700', dirname(record(name))], root: true },
    { argv: append, input: `${packages.join('\n')}\n`, root: true },
  ]
  return [{ title: 'Write down which packages came along', kind: 'install', commands }]
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
