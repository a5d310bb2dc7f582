import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Documents } from '../cli/documents.ts'
import { importDkmsConf } from '../import/dkms-conf.ts'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { Output, type OutputOptions } from '../run/output.ts'

export interface ImportOptions extends OutputOptions {
  out?: string
}

/** Writes where nothing is yet: a manifest that somebody wrote is not written over. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Failure('usage', `${file} is there, and is left as it is.`, {
      mend: `ls -l ${quote(file)}`,
    })
  }
}

/** A dkms.conf as a manifest, on standard output or into a file; what it could not take over, on stderr. */
export async function importFile(path: string, options: ImportOptions): Promise<void> {
  const output = new Output(options)
  const file = resolve(path)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new Failure('usage', `${file} cannot be read.`, { mend: `ls -l ${quote(file)}` })
  }
  const { manifest, notes } = importDkmsConf(text, dirname(file))
  const document = `${JSON.stringify(manifest, null, 2)}\n`
  for (const note of notes) output.warn(note)
  if (options.out) writeNew(resolve(options.out), document)
  const result: Documents['import'] = { manifest, notes, file: options.out ?? null }
  output.result(result, () => (options.out ? [] : [document.trimEnd()]))
}
