import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernelRows } from '../../scripts/commands/status.ts'
import { findProblems, judge, type StatusFacts, verdictStatus } from '../../scripts/look/status.ts'

const module = { name: 'a', vermagic: 'right', enrolled: null }
const kernel = { kernel: '6.1', running: true, failed: null, modules: [module] }

const well: StatusFacts = {
  container: false,
  devices: ['/sys/bus/pci/devices/0'],
  drivers: [{ driver: 'pci/a', devices: ['0'] }],
  sources: [{ version: '1.0.0', source: true }],
  kernels: [kernel],
  enforced: false,
  clock: { error: null },
}

/** What differs from all being well, the exit status, and what is said. */
const table: [string, Partial<StatusFacts>, number, RegExp?][] = [
  ['all is well', {}, 0],
  ['nothing is there', { sources: [], kernels: [{ ...kernel, modules: [] }] }, 3],
  ['a package of built modules, without dkms', { sources: [] }, 0],
  [
    'no device, so nothing to drive',
    { devices: [], drivers: [{ driver: 'pci/a', devices: [] }] },
    0,
  ],
  [
    'the driver drives nothing',
    { drivers: [{ driver: 'pci/a', devices: [] }] },
    1,
    /pci\/a drives no/,
  ],
  [
    'the source is gone',
    { sources: [{ version: '1.0.0', source: false }] },
    1,
    /source of version/,
  ],
  ['a build failed', { kernels: [{ ...kernel, failed: '/var/log/x' }] }, 1, /see \/var\/log\/x/],
  [
    'the running kernel has none',
    { kernels: [{ ...kernel, modules: [] }] },
    1,
    /6\.1 has no modules/,
  ],
  ['another has none', { kernels: [kernel, { ...kernel, running: false, modules: [] }] }, 0],
  [
    'a container, whose kernel is its host’s',
    { container: true, drivers: [], kernels: [{ ...kernel, running: false }] },
    0,
  ],
  [
    'built for another kernel',
    { kernels: [{ ...kernel, modules: [{ ...module, vermagic: 'for 6.2' }] }] },
    1,
    /built for 6\.2/,
  ],
  [
    'a key that is not known, where that matters',
    { enforced: true, kernels: [{ ...kernel, modules: [{ ...module, enrolled: false }] }] },
    1,
    /no key that it knows/,
  ],
  [
    'a key that is not known, where that does not matter',
    { kernels: [{ ...kernel, modules: [{ ...module, enrolled: false }] }] },
    0,
  ],
  ['the clock cannot be read', { clock: { error: 'ERANGE' } }, 1, /ERANGE/],
  ['a driver without a clock', { clock: null }, 0],
]

for (const [what, differs, status, says] of table)
  test(`status ends with ${status}: ${what}`, () => {
    const facts = { ...well, ...differs }
    assert.equal(verdictStatus[judge(facts)], status)
    if (says) assert.match(findProblems(facts).join('\n'), says)
  })

test('a kernel for which a build failed is one line, and another where it keeps something', () => {
  const log = '/var/log/m/6.1.log'
  const kernel = { kernel: '6.1', failed: log, running: false, headers: 'ok' as const, modules: [] }
  const failed = `kernel 6.1: failed, see ${log}`
  assert.deepEqual(kernelRows([{ ...kernel, dkms: [] }]), [failed])
  assert.deepEqual(kernelRows([{ ...kernel, dkms: [{ version: '1', state: 'installed' }] }]), [
    failed,
    'kernel 6.1: 1 installed',
  ])
})
