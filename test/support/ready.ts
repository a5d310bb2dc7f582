import { existsSync, mkdirSync } from 'node:fs'
import { exec, isRoot, show, which } from '../../scripts/run/exec.ts'
import { cache } from './cache.ts'
import { workingAccelerator } from './probe.ts'
import { closure, packedPackage, type RootName, rootFolder, specs } from './roots.ts'

/** Programs of Debian's that roots are made with. */
const needed = { mmdebstrap: 'mmdebstrap', mount: 'mount' }

async function bringTools(): Promise<void> {
  const missing = Object.entries(needed).filter(([program]) => !which(program))
  if (missing.length === 0) return
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends']
  for (const argv of [
    ['apt-get', 'update', '-q'],
    [...install, ...missing.map(([, name]) => name)],
  ]) {
    console.log(`$ ${show({ argv })}`)
    const { status, stderr } = await exec({ argv })
    if (status !== 0) throw new Error(stderr)
  }
}

/** What has to be made first, for the person who waits for it. */
function tellWhatIsMissing(roots: readonly RootName[]): void {
  const missing = closure(roots).filter((name) => !existsSync(rootFolder(name)))
  if (missing.length === 0) return
  const mib = missing.reduce((sum, name) => sum + specs[name].mib, 0)
  console.log(`Made once, from Debian's packages, in ${cache} (${mib} MiB):`)
  for (const name of missing)
    console.log(
      `  ${name.padEnd(16)}${String(specs[name].mib).padStart(5)} MiB  ${specs[name].about}`,
    )
}

/**
 * Says what roots will be made, and gets ready to make them: Debian's programs for it, the packed
 * package, and by what guests run. `command` is what the person typed, who may have to be root.
 */
export async function makeReady(roots: readonly RootName[], command: string): Promise<void> {
  if (!isRoot()) {
    console.error(`Roots are made and mounted by root.\n  try: sudo ${command}`)
    process.exit(10)
  }
  tellWhatIsMissing(roots)
  await bringTools()
  mkdirSync(cache, { recursive: true })
  process.env.VMMCI_PACKAGE = await packedPackage()
  // The probe waits long for what does not work, so it is made once.
  if (roots.includes('qemu')) {
    process.env.VMMCI_ACCELERATOR = await workingAccelerator()
    console.log(`Guests run under ${process.env.VMMCI_ACCELERATOR}.`)
  }
}
