import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { Watcher, watchHeading, watchLine } from '../../scripts/look/watch.ts'
import { readChrony } from '../../scripts/system/chrony.ts'
import { type ClockState, runningTimeDaemons } from '../../scripts/system/clock.ts'

const work = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
after(() => rmSync(work, { recursive: true }))

function root(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name, path)), { recursive: true })
    writeFileSync(join(work, name, path), text)
  }
  return join(work, name)
}

const state = (hostTime: number, driftNs: number): ClockState => ({
  ...{ hostTime, driftNs, uncertaintyNs: 20_000, disciplined: false, error: null },
  ...{ ptp: '/dev/ptp0', daemons: [], counts: { syncs: 1 } },
})

test('the folder from which chrony takes more, by distribution', () => {
  const debian = root('debian', {
    '/etc/chrony/chrony.conf': '# confdir /no\nconfdir /etc/chrony/conf.d\nMakeStep 1 3\n',
  })
  const read = readChrony(debian)
  assert.equal(read?.main, '/etc/chrony/chrony.conf')
  assert.equal(read?.folder, '/etc/chrony/conf.d')
  assert.equal(read?.overrides('makestep'), 'MakeStep 1 3')
  assert.equal(read?.overrides('refclock'), undefined)

  const suse = root('suse', { '/etc/chrony.conf': 'makestep 1 3\ninclude /etc/chrony.d/*.conf\n' })
  assert.equal(readChrony(suse)?.folder, '/etc/chrony.d')
  assert.equal(
    readChrony(suse)?.overrides('makestep'),
    undefined,
    'what comes before is overridden',
  )

  const bare = root('bare', { '/etc/chrony.conf': 'pool pool.ntp.org iburst\n' })
  assert.equal(readChrony(bare)?.folder, undefined)
  assert.equal(readChrony(root('none', { '/etc/hosts': '' })), undefined)
})

test('time daemons are known by their processes', () => {
  const some = root('proc', {
    '/proc/1/comm': 'systemd\n',
    '/proc/20/comm': 'systemd-timesyn\n',
    '/proc/300/comm': 'chronyd\n',
    '/proc/301/comm': 'chronyd\n',
    '/proc/self/comm': 'ntpd\n',
  })
  assert.deepEqual(runningTimeDaemons(some).sort(), ['chronyd', 'systemd-timesyncd'])
})

test('the frequency error is the slope since the last step, from three points on', () => {
  const watcher = new Watcher()
  const ppm = (hostTime: number, driftNs: number) =>
    watcher.add(state(hostTime, driftNs))?.frequencyPpm
  // The host gains 50 us a second.
  assert.deepEqual([ppm(100, 0), ppm(102, 100_000)], [null, null])
  assert.equal(ppm(104, 200_000)?.toFixed(3), '50.000')
  assert.equal(watcher.add(state(104, 200_000)), undefined, 'nothing new')
  // Stepped: what was measured before tells nothing of the rate.
  assert.deepEqual([ppm(106, -5e9), ppm(108, -5e9 + 20_000)], [null, null])
  assert.equal(ppm(110, -5e9 + 40_000)?.toFixed(3), '10.000')
  assert.equal(watcher.all.length, 6)
})

test('a rate that is far off is no step', () => {
  const watcher = new Watcher()
  // 400 ppm make 0.8 ms of two seconds, and more than a step's threshold of three.
  for (const at of [0, 2, 4]) watcher.add(state(at, at * 400_000))
  assert.equal(watcher.add(state(7, 7 * 400_000))?.frequencyPpm?.toFixed(1), '400.0')
})

test('a line of watch stands under its heading, at 80 columns', () => {
  const watcher = new Watcher()
  const counts = { syncs: 12, shutdown: 0, reboot: 0, SYNCRTC: 3 }
  const measured = watcher.add({ ...state(1795513014.35, -28_800_366_404_830), counts })
  const [heading, line] = [watchHeading(Object.keys(counts)), watchLine(measured as never)]
  assert.equal(line.length, heading.length)
  assert.ok(line.length <= 80, line)
  assert.match(line, /^09:36:54 -28800366404\.8 +20\.0 +- +12 +0 +0 +3$/)
})
