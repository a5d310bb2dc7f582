import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Documents } from '../cli/documents.ts'
import { answered, lookAt, type Question, questions } from '../import/init.ts'
import { parseManifest } from '../manifest/load.ts'
import { ask, quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { Output, type OutputOptions } from '../run/output.ts'
import { called } from '../run/typed.ts'
import { writeNew } from './import.ts'

export interface InitOptions extends OutputOptions {
  out?: string
  yes?: boolean
}

/** Who git says that one is. */
async function gitUser(): Promise<string | undefined> {
  const [name, mail] = await Promise.all(
    ['user.name', 'user.email'].map((key) => ask(['git', 'config', key])),
  )
  return name && mail ? `${name.trim()} <${mail.trim()}>` : undefined
}

/** What brings an answer, where init is not to ask. */
const mends: Partial<Record<Question['key'], string>> = {
  maintainer:
    'git config --global user.name "Your Name" && git config --global user.email you@example.org',
}

/** Asks one thing after the other; an empty line takes what is usual, which is told where nobody is asked. */
async function answers(
  list: Question[],
  take: boolean,
  output: Output,
): Promise<Record<string, string>> {
  const said: Record<string, string> = {}
  const lines = take ? undefined : createInterface({ input: process.stdin, terminal: false })
  const next = lines?.[Symbol.asyncIterator]()
  for (const { key, ask, usual } of list) {
    if (!take) process.stderr.write(`${ask}${usual ? ` [${usual}]` : ''}: `)
    const answer = (await next?.next())?.value?.trim() || usual
    if (!answer) {
      lines?.close()
      throw new Failure('usage', `${ask}: this cannot be found out.`, {
        mend: (take && mends[key]) || 'vmmci-dkms init',
      })
    }
    if (take) output.say(`${ask}: ${answer}`)
    said[key] = answer
  }
  lines?.close()
  return said
}

/** A manifest for a folder of sources, by what they say and what only a person knows. */
export async function init(given: string | undefined, options: InitOptions): Promise<void> {
  const output = new Output(options)
  const folder = resolve(given ?? '.')
  if (existsSync(join(folder, 'dkms.conf')))
    throw new Failure('usage', `${folder} has a dkms.conf, which says more.`, {
      mend: `vmmci-dkms import ${quote(join(folder, 'dkms.conf'))} --out ${quote(join(folder, 'manifest.json'))}`,
    })
  const manifest = answered(
    await answers(questions(lookAt(folder), await gitUser()), options.yes === true, output),
  )
  const file = resolve(options.out ?? join(folder, 'manifest.json'))
  const document = `${JSON.stringify(manifest, null, 2)}\n`
  parseManifest(document, file)
  writeNew(file, document)
  const result: Documents['init'] = { manifest, file }
  output.result(result, () => [
    `${file} is written. Now: ${called.name} check --manifest ${quote(file)}`,
  ])
}
