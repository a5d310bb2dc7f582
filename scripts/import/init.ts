import { basename } from 'node:path'
import {
  findDescription,
  findLicense,
  findModuleLicense,
  findModules,
  findVersion,
} from '../manifest/find-out.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { sourceFiles } from '../manifest/sources.ts'

/** What a folder of sources says of itself. */
export interface Found {
  name: string
  version?: string
  license?: string
  /** What MODULE_LICENSE says, which is less. */
  moduleLicense: string
  summary?: string
  modules: string[]
}

export function lookAt(folder: string): Found {
  const sources = sourceFiles(folder)
  const version = findVersion(folder, folder, sources)
  const license = findLicense(folder, sources)
  const name = basename(folder).replaceAll(/[^A-Za-z0-9.+_-]/g, '-')
  const summary = findDescription(name, folder, sources)
  return {
    name,
    ...(version && { version }),
    ...(license && { license }),
    moduleLicense: findModuleLicense(folder, sources),
    ...(summary && { summary }),
    modules: findModules(folder, sources),
  }
}

/** A thing that only a person knows, and what is taken where the answer is empty. */
export interface Question {
  key: 'name' | 'version' | 'license' | 'summary' | 'maintainer' | 'modules'
  ask: string
  usual?: string
}

/** What is to be asked: name, summary and maintainer always, the rest where it cannot be found out. */
export function questions(found: Found, maintainer: string | undefined): Question[] {
  const usual = (text: string | undefined) => (text ? { usual: text } : {})
  return [
    { key: 'name', ask: 'Name of the package', usual: found.name },
    { key: 'summary', ask: 'What it is, in a line', ...usual(found.summary) },
    { key: 'maintainer', ask: 'Maintainer, as Name <address>', ...usual(maintainer) },
    ...(found.version ? [] : [{ key: 'version', ask: 'Version', usual: '0.1' } as const]),
    ...(found.license
      ? []
      : [{ key: 'license', ask: 'Licence, by SPDX', usual: found.moduleLicense } as const]),
    ...(found.modules.length > 0 ? [] : [{ key: 'modules', ask: 'Modules, without .ko' } as const]),
  ]
}

/** The manifest that the answers make; what can be found out is left out. */
export function answered(answers: Partial<Record<Question['key'], string>>): Manifest {
  const { name = '', summary = '', maintainer = '', version, license, modules } = answers
  return {
    package: {
      name,
      ...(version && { version }),
      summary,
      ...(license && { license }),
      maintainer,
    },
    ...(modules && {
      modules: modules
        .split(/[\s,]+/)
        .filter(Boolean)
        .map((module) => ({ name: module })),
    }),
  }
}
