import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { patiently } from '../support/patience.ts'

const page = readFileSync(join(home, 'docs/tutorial/without-openbsd.md'), 'utf8')
const typed = [...page.matchAll(/^ {4}(.*)$/gm)].map(([, line = '']) => line)

test('the tutorial without OpenBSD, as it is written', async () => {
  const [first, machine = '', dmesg, sleep = '', stop = '', ...more] = typed
  assert.deepEqual([first, more], ['npm ci', []])

  const vm = spawn('sh', ['-c', machine], {
    cwd: home,
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = once(vm, 'exit')
  let screen = ''
  const said = async (pattern: RegExp) => {
    while (!pattern.test(screen)) await patiently(String(pattern), once(vm.stdout, 'data'))
  }
  vm.stdout.on('data', (chunk) => {
    screen += chunk
  })
  const onHost = async (line: string) =>
    assert.deepEqual(await once(spawn('sh', ['-c', line], { cwd: home }), 'exit'), [0, null], line)
  try {
    await said(/press Enter to activate this console/)
    vm.stdin.write('\n')
    await said(/# $/)
    vm.stdin.write(`${dmesg}\n`)
    // What the terminal echoes, and what comes of it.
    await said(/grep -e vmmci -e obsd[\s\S]*\] virtio_vmmci /)
    await onHost(sleep)
    await said(/clock sync requested by host/)
    await onHost(stop)
    assert.deepEqual(await patiently('the machine to end', ended), [0, null])
    assert.match(screen, /The device ended the VM: guest reset\.\n$/)
  } catch (error) {
    // With all that it has started, down to QEMU.
    process.kill(-(vm.pid ?? 0))
    console.error(screen)
    throw error
  }
})
