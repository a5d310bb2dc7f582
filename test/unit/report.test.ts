import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMetrics } from '../../scripts/look/openmetrics.ts'
import { scrub } from '../../scripts/look/scrub.ts'

const names = { host: 'mailbox.example.org', users: ['alice'] }

const secrets: [string, string][] = [
  ['ssh on mailbox.example.org, that is mailbox', 'ssh on HOST, that is HOST'],
  ['/home/alice/src and alice', '/home/USER/src and USER'],
  ['from 192.168.10.4 and fe80::5054:ff:fe12:3456', 'from IPV4 and IPV6'],
  ['eth0 52:54:00:12:34:56', 'eth0 MAC'],
  ['root=UUID=12345678-1234-1234-1234-123456789abc', 'root=UUID=UUID'],
  ['KBUILD_SIGN_PIN=hush make', 'KBUILD_SIGN_PIN=HIDDEN make'],
  ['by Bob <bob@example.org>', 'by Bob <ADDRESS>'],
  ['-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----', 'KEY'],
]

for (const [secret, shown] of secrets)
  test(`a report has ${JSON.stringify(shown)}`, () => assert.equal(scrub(secret, names), shown))

test('a report keeps what a fault is found by', () => {
  const text =
    'virtio_pci_obsd 0000:00:05.0: 6.12.57+deb13-amd64 kernel 5.10.0-28 12:34:56 0b5d:0777 status=7'
  assert.equal(scrub(text, names), text)
})

test('metrics: what is known is told, and nothing else', () => {
  const facts = {
    package: 'hello-world',
    version: '1.0.0',
    verdict: 'well' as const,
    drivers: [{ driver: 'pci/hello', devices: ['0000:00:05.0'] }],
    kernels: [
      {
        kernel: '6.12.1',
        running: true,
        modules: [{ name: 'hello', version: '1.0.0', signer: 'A "key" \\' }],
      },
    ],
    clock: {
      driftNs: -1500,
      uncertaintyNs: null,
      disciplined: true,
      counts: { sync: 3, 'a\nb': 4 },
    },
  }
  const lines = openMetrics(facts).split('\n')
  for (const line of [
    'hello_world_well 1',
    'hello_world_devices_bound{driver="pci/hello"} 1',
    'hello_world_kernel_modules{kernel="6.12.1",running="true"} 1',
    'hello_world_module_signed{kernel="6.12.1",module="hello"} 1',
    'hello_world_clock_drift_seconds -0.0000015',
    'hello_world_clock_disciplined 1',
    '# TYPE hello_world_clock_events counter',
    'hello_world_clock_events_total{event="sync"} 3',
    'hello_world_clock_events_total{event="a\\nb"} 4',
  ])
    assert.ok(lines.includes(line), line)
  assert.ok(!lines.some((line) => line.includes('uncertainty')))
  assert.deepEqual(lines.slice(-2), ['# EOF', ''])
  for (const line of lines.slice(0, -1))
    assert.match(line, /^(# (TYPE|HELP|EOF)|\w+(\{[^}]*\})? [-\d.e]+$)/)
  assert.match(openMetrics({ ...facts, package: '88x2bu' }), /^# TYPE _88x2bu_build /)
})
