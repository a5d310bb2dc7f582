import { patternOf } from '../manifest/kernel-range.ts'
import type { SomeKernels } from '../manifest/manifest.ts'
import { architectures as all } from '../manifest/schema.ts'

/** How a shell finds out about a kernel: what says its release and its machine, and its .config. */
export interface Asking {
  release: string
  machine: string
  config: string
}

/** An extended regular expression on what uname -m says; none where all are meant. */
export function architecturePattern(names: readonly string[]): string {
  if (names.length === all.length) return ''
  return `^(${names.map((name) => (name === 'i686' ? 'i.86' : name)).join('|')})$`
}

/** Whether what is said fits; where nothing is said, nothing speaks against it. */
const fits = (said: string, pattern: string) => `${said} | grep -Eq '^$|${pattern}'`

/** An option as a shell asks for it; a kernel whose .config cannot be read has them as they should be. */
const has = (name: string, config: string): string =>
  name.startsWith('!')
    ? `! grep -qs '^${name.slice(1)}=[ym]' ${config}`
    : `{ [ ! -e ${config} ] || grep -q '^${name}=[ym]' ${config}; }`

/** Whether a kernel is one of some, as any shell asks; undefined where each is. */
export function condition(kernel: SomeKernels | undefined, asking: Asking): string | undefined {
  const { range, options = [], architectures = all } = kernel ?? {}
  const machines = architecturePattern(architectures)
  return (
    [
      ...(range ? [fits(asking.release, patternOf(range))] : []),
      ...(machines ? [fits(asking.machine, machines)] : []),
      ...options.map((name) => has(name, asking.config)),
    ].join(' && ') || undefined
  )
}
