import { Tree } from './tree.ts'

/** Modules that only some kernels get; each is the same few lines. */
const modules = [
  { name: 'before', kernel: { range: '<6.0' } },
  { name: 'since', as: 'since_6', location: '/extra', kernel: { range: '>=6.0' } },
  { name: 'with', kernel: { options: ['CONFIG_NET'] } },
  { name: 'without', kernel: { options: ['!CONFIG_NET'] } },
  { name: 'always' },
]

/** A folder with their sources; the path of its manifest. */
export function conditionalModule(): string {
  const tree = new Tree({
    Kbuild: modules.map(({ name }) => `obj-m += ${name}.o\n`).join(''),
    'manifest.json': JSON.stringify({
      package: {
        name: 'conditional',
        version: '1',
        summary: 'Modules with conditions',
        license: 'GPL-2.0-only',
        maintainer: 'A B <a@b>',
      },
      modules,
    }),
  })
  for (const { name } of modules)
    tree.put(
      `${name}.c`,
      '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("One");\n',
    )
  return tree.at('manifest.json')
}
