import { endTimes, readTimes, type Took } from './support/times.ts'

function minutes(exact: number): string {
  const seconds = Math.round(exact)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

const sum = (list: Took[]) => list.reduce((total, { seconds }) => total + seconds, 0)

/** Ends a run: how long each job took, and whether all passed, in a line that counts the tests. */
export function summary(seconds: number): string {
  const all = endTimes()
  const of = (kind: Took['kind'], job?: string) =>
    all.filter((t) => t.kind === kind && (job === undefined || t.job === job))
  const failed = of('test').filter(({ passed }) => !passed).length
  const broken = of('job').filter(
    ({ name, passed }) => !passed && of('test', name).every((t) => t.passed),
  )
  return [
    '',
    'job                     took  tests  boots',
    ...of('job').map(({ name, seconds, passed }) =>
      [
        name.padEnd(22),
        minutes(seconds).padStart(6),
        String(of('test', name).length).padStart(7),
        String(of('boot', name).length).padStart(7),
        passed ? '' : '  FAILED',
      ].join(''),
    ),
    '',
    ...broken.map(({ name }) => `${name} failed outside its tests.`),
    `In all ${minutes(seconds)}, ${minutes(sum(of('made')))} of it for what was made for the cache.`,
    `${of('test').length - failed} passed, ${failed + broken.length} failed`,
  ].join('\n')
}

/** npm run test:times: the last run's slowest tests, and what was booted and made. */
function details(): string {
  const all = readTimes()
  const slowest = (kind: Took['kind'], count: number) =>
    all
      .filter((t) => t.kind === kind)
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, count)
      .map(({ seconds, job, name }) => `${seconds.toFixed(1).padStart(8)} s  ${job}: ${name}`)
  const boots = all.filter(({ kind }) => kind === 'boot')
  return [
    'The slowest tests:',
    ...slowest('test', 30),
    `Boots: ${boots.length}, ${minutes(sum(boots))}. The slowest:`,
    ...slowest('boot', 10),
    'Made for the cache:',
    ...slowest('made', 40),
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) console.log(details())
