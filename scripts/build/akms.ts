import { basename } from 'node:path'
import { patternOf } from '../manifest/kernel-range.ts'
import type { Make, Module, Project } from '../manifest/manifest.ts'
import { quote } from '../run/exec.ts'
import { type Asking, condition } from './condition.ts'
import { braces, callOf, type Filling, withEnvironment } from './make.ts'

/** How akms calls them (AKMBUILD(5)); its build() runs in a copy of the sources. */
export const akmsFilling = (project: Project): Filling => ({
  release: '$kernel_ver',
  headers: '$kernel_srcdir',
  source: '$builddir',
  version: project.version,
  architecture: '$(uname -m)',
})

/** How an AKMBUILD asks about a kernel. */
const asking: Asking = { release: 'echo "$kernel_ver"', machine: 'uname -m', config: '"$config"' }

/** Words for a shell that reads them once, as akms's does. */
export const onceRead = (words: string[], filling: Filling): string =>
  words
    .map((word) =>
      word
        .split(braces)
        .map((part, i) => {
          if (i % 2 === 1) return `"${filling[part as keyof Filling]}"`
          return part === '' ? '' : quote(part)
        })
        .join(''),
    )
    .join(' ')

/** A patch, for the kernels that it is for. */
export function akmsPatch(file: string, range: string | undefined): string {
  const apply = `patch -p1 -i ${quote(`patches/${file}`)}`
  if (!range) return apply
  return `if echo "$kernel_ver" | grep -Eq ${quote(patternOf(range))}; then ${apply}; fi`
}

/** Lines that hang on a condition, if there is one. */
const only = (when: string | undefined, lines: string[]): string[] =>
  when ? [`if ${when}; then`, ...lines.map((line) => `\t${line}`), 'fi'] : lines

/** One call of make or of a script. */
function call(make: Make, filling: Filling): string[] {
  const { env, start, also, end } = callOf(make)
  const before = [...withEnvironment(env), ...start]
  const line = (words: string[]) => onceRead(words, filling)
  const lines =
    also.length === 0
      ? [line([...before, ...end])]
      : [
          'set --',
          ...also.flatMap(({ words, kernel }) =>
            only(condition(kernel, asking), [`set -- "$@" ${line(words)}`]),
          ),
          [line(before), '"$@"', line(end)].join(' ').trimEnd(),
        ]
  return only(condition(make.kernel, asking), lines)
}

/** The lines of AKMBUILD's build(), where akms's own would not do. */
export function akmsBuild(project: Project): string[] {
  const { make, configure = [], patches = [] } = project
  const plain = make.length === 1 && Object.keys(make[0] ?? {}).length === 0
  if (plain && configure.length === 0 && patches.length === 0) return []
  const filling = akmsFilling(project)
  const [program, ...words] = configure
  return [
    'cd "$builddir"',
    ...patches.map(({ file, kernel }) => akmsPatch(basename(file), kernel)),
    ...(program ? [onceRead([`./${program}`, ...words], filling)] : []),
    ...make.flatMap((one) => call(one, filling)),
  ]
}

const fileOf = ({ name, folder }: Module) => `${folder ? `${folder}/` : ''}${name}.ko`

/**
 * The lines of AKMBUILD that say what is built. akms reads them before the headers are there, then in
 * the build: so the kernel's own .config has to do. It takes no kernel that gets nothing, and says
 * only that built_modules must be defined.
 */
export function akmsModules({ package: { name }, modules, make }: Project): string[] {
  const when = ({ kernel }: Module) => condition(kernel, asking)
  const always = modules.filter((module) => !when(module)).map(fileOf)
  const some = [...modules, ...make, ...make.flatMap(({ also = [] }) => also)]
  return [
    ...(some.some(({ kernel }) => kernel?.options)
      ? [
          'config=/usr/src/linux-headers-$kernel_ver/.config',
          `[ -e "$config" ] || config=/boot/config-\${kernel_ver##*-}`,
        ]
      : []),
    `built_modules=${quote(always.join(' '))}`,
    ...modules
      .filter(when)
      .flatMap((module) =>
        only(when(module), [`built_modules="$built_modules "${quote(fileOf(module))}`]),
      ),
    ...(always.length === 0
      ? [`[ "$built_modules" ] || echo "${name} has no module for $kernel_ver." >&2`]
      : []),
  ]
}
