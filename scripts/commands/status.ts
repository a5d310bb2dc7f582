import { existsSync } from 'node:fs'
import type { Documents } from '../cli/documents.ts'
import { sourceFolder } from '../install/plan.ts'
import { adviseBoot } from '../install/read-boot.ts'
import { openMetrics } from '../look/openmetrics.ts'
import { findProblems, judge, verdictStatus } from '../look/status.ts'
import type { Project } from '../manifest/manifest.ts'
import { fileNames, loadedNames } from '../manifest/names.ts'
import { showValue, wrap } from '../run/output.ts'
import { readSigning } from '../signing/next.ts'
import { isEnrolled } from '../signing/sign.ts'
import { readClock } from '../system/clock.ts'
import { readClockSource } from '../system/clock-source.ts'
import { insideContainer } from '../system/container.ts'
import { type DkmsVersion, readDkms } from '../system/dkms.ts'
import { hasEfi } from '../system/efi.ts'
import { installedKernels, type Kernel, runningRelease } from '../system/kernels.ts'
import { boundDevices, findDevices, readEnforcement, readSysfs } from '../system/machine.ts'
import { findModules, isLinked, loadedModules, moduleInfo } from '../system/modules.ts'
import { findOwner } from '../system/ownership.ts'
import { type CommonOptions, open } from './options.ts'

type Status = Awaited<ReturnType<typeof readStatus>>

async function kernelStatus(project: Project, kernel: Kernel) {
  const builds = readDkms(project.package.name).flatMap((v) =>
    v.builds
      .filter((b) => b.release === kernel.release)
      .map((b) => ({ version: v.version, state: b.state })),
  )
  const infos = (
    await Promise.all(findModules(kernel.release, fileNames(project)).map(moduleInfo))
  ).filter((info) => info !== undefined)
  const log = `/var/log/${project.package.name}/${kernel.release}.log`
  return {
    kernel: kernel.release,
    /** Where scripts/guest/every-kernel, of a distribution's package, told of a failure. */
    failed: existsSync(log) ? log : null,
    running: kernel.running,
    headers: kernel.headers.state,
    dkms: builds,
    modules: await Promise.all(
      infos.map(async ({ file, name, version, release, signer }) => ({
        file,
        name,
        version: version ?? null,
        vermagic:
          release === kernel.release
            ? 'right'
            : `${isLinked(file) ? 'linked from' : 'for'} ${release}`,
        signer: signer ?? null,
        /** Null where there is no firmware to enrol a key in. */
        enrolled: signer && hasEfi() ? await isEnrolled(file) : null,
      })),
    ),
  }
}

async function sourceStatus(name: string, { version, source }: DkmsVersion) {
  const folder = sourceFolder(name, version)
  return { version, source, path: existsSync(folder), owner: (await findOwner(folder)) ?? null }
}

/** Everything that status shows, as data. */
export async function readStatus(project: Project) {
  const pattern = project.modules[0]?.aliases?.[0]
  return {
    package: project.package.name,
    version: project.version,
    devices: pattern ? findDevices(pattern) : [],
    drivers: project.modules.flatMap((module) =>
      module.driver ? [{ driver: module.driver, devices: boundDevices(module.driver) }] : [],
    ),
    loaded: loadedModules(loadedNames(project)),
    sources: await Promise.all(
      readDkms(project.package.name).map((v) => sourceStatus(project.package.name, v)),
    ),
    signing: await readSigning(project, runningRelease()),
    kernels: await Promise.all(installedKernels().map((kernel) => kernelStatus(project, kernel))),
    clock: readClock(project) ?? null,
    clockSource: (project.clock && readClockSource()) ?? null,
    values: (project.status ?? []).flatMap(({ label, path, unit }) => {
      const value = readSysfs(path)
      return value === undefined ? [] : [{ label, value, unit: unit ?? null }]
    }),
  }
}

function row(label: string, text: string): string {
  return `${label.padEnd(13)} ${text}`
}

export function kernelRows(kernels: Status['kernels']): string[] {
  return kernels.flatMap((k) => {
    const state = k.dkms.map((b) => `${b.version} ${b.state}`).join(', ') || 'not built'
    const where = k.running ? ' (running)' : ''
    return [
      ...(k.failed ? [`kernel ${k.kernel}: failed, see ${k.failed}`] : []),
      // Beside that, what it keeps.
      ...(k.failed && k.dkms.length === 0
        ? []
        : [
            `kernel ${k.kernel}${where}: ${state}${k.headers === 'ok' ? '' : `, headers ${k.headers}`}`,
          ]),
      ...k.modules.map((m) =>
        [
          `  ${m.name}`,
          m.version ?? '',
          m.vermagic.startsWith('for') ? `BUILT ${m.vermagic}` : `vermagic ${m.vermagic}`,
          m.signer ? `signed by ${m.signer}` : 'not signed',
          m.enrolled === null ? '' : m.enrolled ? 'enrolled' : 'NOT ENROLLED',
        ]
          .filter(Boolean)
          .join(', '),
      ),
    ]
  })
}

/** What there is of a clock, who steers the system's, and how far apart the two are. */
function clockRows({ clock }: Status): string[] {
  if (!clock) return []
  const { ptp, disciplined, daemons, driftNs, uncertaintyNs, error } = clock
  const who = daemons.join(', ') || 'no daemon that runs'
  const ms = (ns: number | null) => showValue(String(ns ?? 0), 'ns')
  return [
    row('PTP clock', ptp ?? 'none'),
    row('disciplined', disciplined ? `yes; ${who}` : `no; ${who}`),
    row(
      'clock drift',
      driftNs === null
        ? 'not measured'
        : `${ms(driftNs)} (host minus guest), +/- ${ms(uncertaintyNs)}`,
    ),
    ...(error ? [row('', `that is old: the host's clock cannot be read (${error})`)] : []),
  ]
}

/** One screen: device, drivers, versions, kernels, clock. Ends with 0, 1 or 3, as services do. */
export async function status(options: CommonOptions & { format?: 'openmetrics' }): Promise<void> {
  const { project, output } = open(options)
  const now = await readStatus(project)
  const facts = { ...now, container: insideContainer(), enforced: readEnforcement().enforced }
  const verdict = judge(facts)
  const problems = verdict === 'wrong' ? findProblems(facts) : []
  process.exitCode = verdictStatus[verdict]
  if (options.format) {
    process.stdout.write(openMetrics({ ...now, verdict }))
    return
  }
  const boot = adviseBoot(project)
  const isAsked = project.modules[0]?.aliases !== undefined
  const document: Documents['status'] = { ...now, verdict, problems, boot: boot?.message ?? null }
  output.result(document, () => [
    row('package', `${now.package} ${now.version}`),
    row('device', now.devices.join(', ') || `none ${isAsked ? 'in this machine' : 'is asked for'}`),
    ...now.drivers.map((d) =>
      row('driver', `${d.driver}: ${d.devices.join(', ') || 'nothing bound'}`),
    ),
    row(
      'loaded',
      now.loaded.map((m) => `${m.name} ${m.version ?? ''}`.trim()).join(', ') || 'none',
    ),
    row(
      'installed',
      now.sources.map((s) => `${s.version}${s.source ? '' : ' (source gone)'}`).join(', ') ||
        'nothing',
    ),
    ...now.sources.flatMap(({ owner }) =>
      owner ? [row('owned by', `${owner.package} (${owner.manager})`)] : [],
    ),
    row('signing', now.signing.text),
    ...(now.signing.next ? [row('', `try: ${now.signing.next}`)] : []),
    ...kernelRows(now.kernels),
    ...clockRows(now),
    ...(now.clockSource ? wrap(row('clock source', ''), now.clockSource.message) : []),
    ...now.values.map((v) => row(v.label, showValue(v.value, v.unit))),
    ...problems.map((problem) => row('wrong', problem)),
    ...(boot ? wrap(row('boot', ''), boot.message) : []),
    ...(boot?.mend ? [row('', `try: ${boot.mend}`)] : []),
  ])
}
