import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownManifest, sourceTree, writeSourceTree } from '../../scripts/build/source-tree.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import { cached } from './cache.ts'
import { baseRoot, Root, type RootName } from './roots.ts'

/** The kernels that everything is shown on, and the roots they are built and found in. */
export const kernelRoots = {
  '5.10': 'kernel-5.10',
  '6.1': 'kernel-6.1',
  '6.12': 'kernel-6.12',
  '7.2': 'kernel-7.2',
  '7.3': 'kernel-7.3',
} as const satisfies Record<string, RootName>

/** Kernels that look for their own faults: npm run test:debug. */
export const debugRoots = {
  memory: 'kernel-memory',
  races: 'kernel-races',
} as const satisfies Record<string, RootName>

/** Where each is found. */
export const rootOf = { ...kernelRoots, ...debugRoots }

export type Released = keyof typeof kernelRoots
type Debugging = keyof typeof debugRoots
export type Series = Released | Debugging
export const allSeries = Object.keys(kernelRoots) as Released[]
export const debugSeries = Object.keys(debugRoots) as Debugging[]
export const isDebugging = (series: Series): series is Debugging => series in debugRoots

export const project = loadManifest(ownManifest)

/** A kernel as its distribution packed it. */
export interface GuestKernel {
  release: string
  vmlinuz: string
  /** Its /lib/modules/RELEASE. */
  modules: string
}

export async function guestKernel(series: Series): Promise<GuestKernel> {
  const image = join(await baseRoot(rootOf[series]), 'image')
  const [release] = readdirSync(join(image, 'lib/modules'))
  if (!release) throw new Error(`no kernel ${series} in ${image}`)
  const modules = join(image, 'lib/modules', release)
  const vmlinuz = [join(image, `boot/vmlinuz-${release}`), join(modules, 'vmlinuz')].find((file) =>
    existsSync(file),
  )
  if (!vmlinuz) throw new Error(`no vmlinuz of ${release} in ${image}`)
  return { release, vmlinuz, modules }
}

/**
 * The kernel itself, taken out of its self-extracting vmlinuz, which takes software emulation five
 * seconds. Where it lies there is told by the boot protocol's header (Documentation/arch/x86/boot.rst).
 */
export async function bootableKernel(series: Series): Promise<string> {
  const { release, vmlinuz } = await guestKernel(series)
  // Its code before the page tables are whole is instrumented, too, where it is entered as an ELF.
  if (isDebugging(series)) return vmlinuz
  const folder = await cached(`kernels/${release}`, vmlinuz, async (out) => {
    const image = readFileSync(vmlinuz)
    const setup = (image.readUInt8(0x1f1) + 1) * 512
    const start = setup + image.readUInt32LE(0x248)
    const packed = image.subarray(start, start + image.readUInt32LE(0x24c))
    const isXz = packed.subarray(1, 4).toString() === '7zX'
    await using root = await Root.of('qemu')
    writeFileSync(join(root.folder, 'packed'), packed)
    // Behind the compressed kernel stands its size, which both call trailing garbage.
    await root.sh(
      `${isXz ? 'xz -dc --single-stream' : 'zstd -dcqq'} </packed >/vmlinux || [ -s /vmlinux ]`,
    )
    cpSync(join(root.folder, 'vmlinux'), join(out, 'vmlinux'))
  })
  return join(folder, 'vmlinux')
}

/** Kernels that are not to be had, made of one that is by a change to its headers, in their folder. */
const variants = {
  'without-PTP': `sed -i '/CONFIG_PTP_1588_CLOCK[ _=]/d' include/generated/autoconf.h include/config/auto.conf`,
  // The names are gone, and every other member stays where the kernel has it.
  'before-5.0': `find /usr/src -name ptp_clock_kernel.h -exec sed -Ei 's/\\b(gettimex64|ptp_system_timestamp|ptp_read_system_(pre|post)ts)\\b/later_&/g' {} +`,
}

export type Variant = keyof typeof variants

/** A folder with our modules for a kernel or a variant of it, stripped of debug sections. */
export async function builtModules(series: Series, variant?: Variant): Promise<string> {
  const { release } = await guestKernel(series)
  const sources = Buffer.concat([...sourceTree(project).values()])
  const name = `modules/${[release, variant].filter(Boolean).join('-')}`
  return cached(name, sources, async (folder) => {
    await using root = await Root.of(rootOf[series])
    const headers = `/lib/modules/${release}/build`
    if (variant) await root.sh(`cd ${headers}/ && ${variants[variant]}`)
    mkdirSync(join(root.folder, 'src'))
    writeSourceTree(project, join(root.folder, 'src'))
    await root.sh(`make -C ${headers} M=/src KCFLAGS=-Werror -j2 modules && strip -g /src/*.ko`)
    for (const { name } of project.modules)
      cpSync(join(root.folder, 'src', `${name}.ko`), join(folder, `${name}.ko`))
  })
}
