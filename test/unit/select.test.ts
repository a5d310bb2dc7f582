import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkRange,
  chooseKernels,
  defaultSelection,
  headersFor,
  meantKernel,
  namedKernel,
  requestedKernels,
} from '../../scripts/build/select.ts'
import type { Distribution, Project } from '../../scripts/manifest/manifest.ts'
import { Output } from '../../scripts/run/output.ts'
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
  os: { id: 'x', idLike: [], versionId: '1', codename: '', prettyName: 'X' },
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

/** The kernels that are worked for, and what people are told. */
async function chosen(system: SystemFacts, options: Parameters<typeof chooseKernels>[2] = {}) {
  const output = new Output({})
  const told: string[] = []
  output.tell = (sentence) => void told.push(sentence)
  return { kernels: releases(await chooseKernels(project, system, options, output)), told }
}

test('what was asked for is worked for, without a word', async () => {
  const some = facts(running, kernel('5.10'), kernel('7.3'))
  const asked = await chosen(some, { allKernels: true })
  assert.deepEqual(asked, { kernels: ['5.10', '7.3'], told: [] })
  assert.deepEqual(await chosen(some), { kernels: ['6.1'], told: [] })
})

test('it is told why another than the running kernel is taken', async () => {
  assert.deepEqual(await chosen(facts(kernel('6.2', 'absent'), kernel('5.10'))), {
    kernels: ['5.10'],
    told: ['The running kernel 6.2 has no headers here; taking 5.10.'],
  })
})

test('a running kernel out of range is not worked for', async () => {
  await assert.rejects(chosen(facts(kernel('4.9'))), { message: /^Kernel 4\.9 is outside/ })
})

test('without any headers the kernel that is meant is told of', async () => {
  const bare = kernel('6.99.0-nobody', 'absent')
  await assert.rejects(chosen(facts(bare, bare)), {
    kind: 'headers',
    message: /^Kernel 6\.99\.0-nobody has no headers\. No package has them: /,
    more: { mend: 'ls -l /lib/modules/6.99.0-nobody/build' },
  })
})

test('the kernel that is meant is one that is here', () => {
  const host = kernel('6.2', 'absent', false)
  assert.equal(meantKernel(facts(running, kernel('7.3'))).release, '6.1')
  assert.equal(meantKernel(facts(host, kernel('5.10'), kernel('7.3'))).release, '7.3')
  assert.equal(meantKernel(facts(host)).release, '6.2')
})

test('a kernel of the distribution has packages of headers', () => {
  const flavour = { name: 'rt', pattern: '-rt$', headers: 'h-{release}', metapackage: 'h-rt' }
  const known = { manager: 'apt', flavours: [flavour] } as Partial<Distribution> as Distribution
  const some = { ...facts(running), distribution: known }
  assert.equal(headersFor(some, '6.1-rt')?.headers, 'h-6.1-rt')
  assert.equal(headersFor(some, '6.1-mine'), undefined)
})

test('a system that nobody knows has no packages of headers', () => {
  assert.equal(headersFor(facts(running), '6.1'), undefined)
})
