import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { versionText } from '../cli/version.ts'
import { scrub } from '../look/scrub.ts'
import type { Project } from '../manifest/manifest.ts'
import { ask } from '../run/exec.ts'
import { dkmsTree, readDkms } from '../system/dkms.ts'
import { readKernelLog } from '../system/kernel-log.ts'
import { findSysfs, readSysfs } from '../system/machine.ts'
import { type CommonOptions, open } from './options.ts'
import { readStatus } from './status.ts'

/** Enough of a log to see what failed, and little enough to be read before it is sent. */
const LAST_LINES = 60

const last = (text: string) => text.trimEnd().split('\n').slice(-LAST_LINES).join('\n')

function readText(file: string): string | undefined {
  try {
    return last(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** What the kernel said of the modules, the devices and signatures. */
async function kernelLog(project: Project): Promise<string> {
  const names = project.modules.map(({ name }) => name.replaceAll(/[-_]/g, '[-_]'))
  const relevant = new RegExp(`${names.join('|')}|module verification|clocksource|lockdown`, 'i')
  try {
    const { lines, wrapped } = await readKernelLog()
    const found = lines
      .filter(({ text }) => relevant.test(text) && !/command line:/i.test(text))
      .map(({ text }) => text)
    return last([...(wrapped ? ['(its beginning is gone)'] : []), ...found].join('\n'))
  } catch {
    return 'not readable: root sees it'
  }
}

/** make.log of each version and kernel of ours, from dkms's tree. */
function buildLogs(name: string): [string, string | undefined][] {
  return readDkms(name).flatMap(({ version }) => {
    const folder = `${dkmsTree}/${name}/${version}`
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('make.log'))
      .map((file): [string, string | undefined] => [
        `dkms ${version} ${file}`,
        readText(`${folder}/${file}`),
      ])
  })
}

function parameters(project: Project): string {
  const files = project.modules.flatMap(({ name }) => findSysfs(`/sys/module/${name}/parameters/*`))
  return files.map((file) => `${file} ${readSysfs(file) ?? 'not readable'}`).join('\n')
}

/** Everybody who can log in, so that no name of theirs is in the text. */
const users = () =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , uid]) => Number(uid) >= 1000 && Number(uid) < 60000)
    .map(([name = '']) => name)

/** One text for a bug report, for a person to look at and send. */
export async function report(options: CommonOptions): Promise<void> {
  const { project } = open(options)
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release') ?? '')?.[1]
  const configs = ['/etc/modprobe.d', '/etc/dkms/framework.conf.d']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`))
    .filter((file) => file.includes(project.package.name))
  const parts: [string, string | undefined][] = [
    ['versions', versionText],
    ['system', [system, await ask(['uname', '-srvm'])].join('\n')],
    ['status', JSON.stringify(await readStatus(project), null, 1)],
    ['clock source', readSysfs('/sys/devices/system/clocksource/clocksource0/current_clocksource')],
    ['parameters', parameters(project)],
    ['dkms', await ask(['dkms', 'status'])],
    ...buildLogs(project.package.name),
    ...configs.map((file): [string, string | undefined] => [file, readText(file)]),
    ['kernel log', await kernelLog(project)],
  ]
  const text = parts.map(([title, body]) => `== ${title}\n${body || '(nothing)'}\n`).join('\n')
  process.stdout.write(scrub(text, { host: hostname(), users: users() }))
  if (process.stdout.isTTY || options.quiet) return
  process.stderr.write('Read it before you send it: names and addresses are taken out, by rules.\n')
}
