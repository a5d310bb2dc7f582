import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkRange,
  defaultSelection,
  headersFor,
  meantKernel,
  namedKernel,
  requestedKernels,
} from '../../scripts/build/select.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import type { SystemFacts } from '../../scripts/system/facts.ts'
import type { HeadersState, Kernel } from '../../scripts/system/kernels.ts'

const project = { package: { name: 'm' }, kernel: { range: '>=4.14.0' } } as Project

const kernel = (release: string, state: HeadersState = 'ok', installed = true): Kernel => ({
  release,
  version: `${release}.0`,
  running: false,
  installed,
  bootable: true,
  headers: { state, missing: [], options: new Set() },
})

const facts = (running: Kernel, ...kernels: Kernel[]): SystemFacts => ({
  os: { id: 'x', idLike: [], versionId: '1', prettyName: 'X' },
  distribution: undefined,
  byHand: (packages) => packages.join(' '),
  running,
  kernels,
  installCommand: (packages) => packages.join(' '),
})

const releases = (kernels?: Kernel[]) => kernels?.map(({ release }) => release)

test('a kernel below the range is refused, the floor itself is not', () => {
  assert.throws(() => checkRange(project, kernel('4.13')), {
    kind: 'kernel',
    message: 'Kernel 4.13 is outside >=4.14.0, which m is for.',
    more: { mend: 'ls /lib/modules' },
  })
  assert.doesNotThrow(() => checkRange(project, kernel('4.14')))
})

test('a kernel that is named has to be installed', () => {
  assert.throws(() => namedKernel(project, '6.99.0-nobody'), {
    kind: 'kernel',
    message: 'Kernel 6.99.0-nobody is not installed.',
    more: { mend: 'ls /lib/modules' },
  })
  assert.throws(() => namedKernel(project, '3.10.0-old'), { message: /is outside/ })
})

const running = kernel('6.1')

test('nothing was asked for', () => {
  assert.deepEqual(requestedKernels(project, facts(running, running), {}), [])
  assert.deepEqual(requestedKernels(project, facts(running, running), { kernel: [] }), [])
})

test('all kernels are those that have headers and are in range', () => {
  const some = facts(running, kernel('4.9'), running, kernel('6.5', 'absent'), kernel('7.3'))
  assert.deepEqual(releases(requestedKernels(project, some, { allKernels: true })), ['6.1', '7.3'])
  const none = facts(running, kernel('4.9'), kernel('6.5', 'dangling'))
  assert.throws(() => requestedKernels(project, none, { allKernels: true }), {
    kind: 'headers',
    message: 'No installed kernel has headers.',
    more: { mend: 'ls -l /lib/modules/*/build' },
  })
})

test('a kernel that is named counts before all', () => {
  const options = { kernel: ['6.99.0-nobody'], allKernels: true }
  assert.throws(() => requestedKernels(project, facts(running, running), options), {
    message: 'Kernel 6.99.0-nobody is not installed.',
  })
})

test('without a word it is the running kernel, or else the newest that can be built for', () => {
  const some = [kernel('5.10'), kernel('7.3'), kernel('7.4', 'incomplete')]
  assert.deepEqual(defaultSelection(project, facts(running, ...some)), { kernels: [running] })
  const bare = kernel('6.2', 'absent')
  const chosen = defaultSelection(project, facts(bare, ...some))
  assert.deepEqual(releases(chosen?.kernels), ['7.3'])
  assert.equal(chosen?.note, 'The running kernel 6.2 has no headers here; taking 7.3.')
  assert.equal(defaultSelection(project, facts(bare, kernel('4.9'))), undefined)
})

test('the kernel that is meant is one that is here', () => {
  const host = kernel('6.2', 'absent', false)
  assert.equal(meantKernel(facts(running, kernel('7.3'))).release, '6.1')
  assert.equal(meantKernel(facts(host, kernel('5.10'), kernel('7.3'))).release, '7.3')
  assert.equal(meantKernel(facts(host)).release, '6.2')
})

test('a system that nobody knows has no packages of headers', () => {
  assert.equal(headersFor(facts(running), '6.1'), undefined)
})
