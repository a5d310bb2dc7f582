import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { cache } from '../support/cache.ts'
import { allSeries, kernelRoots, type Released } from '../support/kernels.ts'
import { assemble } from '../support/machine.ts'
import { qemuCommand } from '../support/qemu.ts'
import { Qmp } from '../support/qmp.ts'
import { makeReady } from '../support/ready.ts'

/** npm run vm: a guest beside the test device, with this terminal as its console. */
const program = new Command('vm')
  .addOption(new Option('--kernel <series>', 'of Debian').choices(allSeries).default('6.12'))
  .option('--acpi', 'with ACPI, which vmd has not', false)
  .option('--cpus <n>', 'processors', '1')
  .option('-B', 'end at a reset, as after vmctl start -B', false)
  .parse()
const { kernel, acpi, cpus, B } = program.opts<{
  kernel: Released
  acpi: boolean
  cpus: string
  B: boolean
}>()

await makeReady(['qemu', kernelRoots[kernel]], 'npm run vm')
const { root, device, words } = await assemble({
  series: kernel,
  acpi,
  cpus: Number(cpus),
  again: !B,
})
const link = join(cache, 'vm')
rmSync(link, { force: true })
symlinkSync(join(root.folder, 'vm'), link)

const console_ = ['-chardev', 'stdio,id=console,signal=off,mux=on', '-mon', 'chardev=console']
const { argv, cwd } = await qemuCommand(root, [
  ...words,
  ...[...console_, '-serial', 'chardev:console', '-serial', 'null'],
])
console.log('Ctrl-A X ends the machine. From another terminal: npm run vmctl -- --help')
const qemu = spawn(argv[0] as string, argv.slice(1), { cwd, stdio: 'inherit' })
const gone = once(qemu, 'exit')

/** vmm(4) ends a guest that halts with interrupts off; QEMU would leave it standing. */
async function endWhenHalted(): Promise<void> {
  const qmp = await Qmp.connect(join(link, 'qmp'))
  while (!(await qmp.halted())) await wait(500)
  qemu.kill()
}
await device.until(0, 'vm-start')
await Promise.race([gone, endWhenHalted().catch(() => {})])
await gone
// A QEMU that was ended leaves the terminal as it had it.
if (process.stdin.isTTY) spawnSync('stty', ['sane'], { stdio: 'inherit' })
const end = device.since(0, 'vm-end')[0]
console.log(end ? `\nThe device ended the VM: ${end.why}.` : '\nThe VM has ended.')
rmSync(link, { force: true })
device.kill()
await root.dispose()
