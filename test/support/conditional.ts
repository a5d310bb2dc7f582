import type { Project } from '../../scripts/manifest/manifest.ts'
import { Tree } from './tree.ts'

/** Modules that only some kernels get; each is the same few lines. */
const modules = [
  { name: 'before', kernel: { range: '<6.0' } },
  { name: 'since', as: 'since_6', location: '/extra', kernel: { range: '>=6.0' } },
  { name: 'with', kernel: { options: ['CONFIG_NET'] } },
  { name: 'without', kernel: { options: ['!CONFIG_NET'] } },
  { name: 'elsewhere', kernel: { architectures: ['s390x'] } },
  { name: 'always' },
]

/** What make's environment is for kernels from 6.0 on. */
export const forNewOnes = { T_VARIABLE: 'set', T_SAID: 'it is $HOME "so"' }

/** How they are built, which is for some kernels, too. */
const make = [
  { kernel: { range: '<6.0' }, words: ['T_BY=old'] },
  {
    kernel: { range: '>=6.0' },
    environment: forNewOnes,
    words: ['T_BY=new'],
    also: [
      { kernel: { options: ['CONFIG_NET'] }, words: ['T_NET=y', 'T_SAYS=it is $HOME "so"'] },
      { kernel: { options: ['!CONFIG_NET'] }, words: ['T_NET=n'] },
      { kernel: { architectures: ['s390x'] }, words: ['T_MACHINE=s390x'] },
    ],
  },
]

/** A module says how it was built. Words with quotes and a dollar sign come as they are, or not at all. */
const kbuild = `${modules.map(({ name }) => `obj-m += ${name}.o\n`).join('')}
ccflags-y += -DBUILT=by_$(T_BY)_$(T_NET)_$(T_MACHINE)_$(T_VARIABLE)
$(foreach text,T_SAYS T_SAID,$(if $($(text)),$(if $(findstring it is $$HOME "so",$(value $(text))),,$(error $(text)=$(value $(text))))))
`

const net = ['T_NET=y', 'T_SAYS=it is $HOME "so"']

/** Kernels, and what each of them gets: modules, and the words that make is called with. */
export const someKernels: [
  release: string,
  config: string | undefined,
  machine: string,
  modules: string[],
  words: string[],
][] = [
  ['5.10.0-46-lts', 'CONFIG_NET=y\n', 'x86_64', ['before', 'with', 'always'], ['T_BY=old']],
  ['6.0.0-1-lts', 'CONFIG_NET=m\n', 'aarch64', ['since', 'with', 'always'], ['T_BY=new', ...net]],
  [
    '6.12.117+deb13-lts',
    '# CONFIG_NET is not set\n',
    's390x',
    ['since', 'without', 'elsewhere', 'always'],
    ['T_BY=new', 'T_NET=n', 'T_MACHINE=s390x'],
  ],
  [
    '6.12.117',
    undefined,
    'x86_64',
    ['since', 'with', 'without', 'always'],
    ['T_BY=new', ...net, 'T_NET=n'],
  ],
]

/** A project for kernels of one series only. */
export const onlyFor = (range: string, project: Project): Project => ({
  ...project,
  modules: [{ name: 'a', kernel: { range } }],
  make: [{ kernel: { range } }],
})

/** A folder with their sources; the path of its manifest. */
export function conditionalModule(): string {
  const tree = new Tree({
    Kbuild: kbuild,
    'manifest.json': JSON.stringify({
      package: {
        name: 'conditional',
        version: '1',
        summary: 'Modules with conditions',
        license: 'GPL-2.0-only',
        maintainer: 'A B <a@b>',
      },
      modules,
      make,
    }),
  })
  for (const { name } of modules)
    tree.put(
      `${name}.c`,
      '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("One");\nMODULE_INFO(built, __stringify(BUILT));\n',
    )
  return tree.at('manifest.json')
}
