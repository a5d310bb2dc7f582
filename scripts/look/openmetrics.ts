import type { Verdict } from './status.ts'

/** What of the status a monitoring system watches. */
export interface MetricFacts {
  package: string
  version: string
  verdict: Verdict
  drivers: readonly { driver: string; devices: readonly string[] }[]
  kernels: readonly {
    kernel: string
    running: boolean
    modules: readonly { name: string; version: string | null; signer: string | null }[]
  }[]
  clock: {
    driftNs: number | null
    uncertaintyNs: number | null
    disciplined: boolean
    counts: Record<string, number>
  } | null
}

type Sample = readonly [labels: Record<string, string>, value: number]

const label = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function family(name: string, help: string, samples: readonly Sample[], suffix = ''): string[] {
  if (samples.length === 0) return []
  return [
    `# TYPE ${name} ${suffix === '_total' ? 'counter' : 'gauge'}`,
    `# HELP ${name} ${help}`,
    ...samples.map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${label(text)}"`)
      return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
    }),
  ]
}

const seconds = (ns: number | null | undefined): Sample[] =>
  ns === null || ns === undefined ? [] : [[{}, ns / 1e9]]

/** The status as OpenMetrics 1.0, which Prometheus and node_exporter's textfile collector read. */
export function openMetrics(facts: MetricFacts): string {
  // A name begins with no digit.
  const own = facts.package.replaceAll(/\W/g, '_').replace(/^(?=\d)/, '_')
  const name = (what: string) => `${own}_${what}`
  const { clock, kernels, drivers } = facts
  const modules = kernels.flatMap(({ kernel, modules }) => modules.map((m) => ({ kernel, ...m })))
  const of = (m: { kernel: string; name: string }) => ({ kernel: m.kernel, module: m.name })
  const lines = [
    ...family(name('build'), 'Version of the tool that reports; always 1.', [
      [{ version: facts.version }, 1],
    ]),
    ...family(name('well'), '1 if all is well, 0 if something is wrong or not installed.', [
      [{}, Number(facts.verdict === 'well')],
    ]),
    ...family(
      name('devices_bound'),
      'Devices that a driver is bound to.',
      drivers.map(({ driver, devices }) => [{ driver }, devices.length]),
    ),
    ...family(
      name('kernel_modules'),
      'Modules that are there for an installed kernel.',
      kernels.map((k) => [{ kernel: k.kernel, running: `${k.running}` }, k.modules.length]),
    ),
    ...family(
      name('module_signed'),
      '1 if the module of a kernel carries a signature.',
      modules.map((m) => [of(m), Number(m.signer !== null)]),
    ),
    ...family(
      name('clock_drift_seconds'),
      'Clock of the host minus clock of this machine.',
      seconds(clock?.driftNs),
    ),
    ...family(
      name('clock_uncertainty_seconds'),
      'How far the drift may be from the truth.',
      seconds(clock?.uncertaintyNs),
    ),
    ...family(
      name('clock_disciplined'),
      '1 if a time daemon is seen to set the clock.',
      clock ? [[{}, Number(clock.disciplined)]] : [],
    ),
    ...family(
      name('clock_events'),
      'What the driver has counted since it was loaded.',
      Object.entries(clock?.counts ?? {}).map(([event, count]) => [{ event }, count]),
      '_total',
    ),
  ]
  return `${[...lines, '# EOF'].join('\n')}\n`
}
