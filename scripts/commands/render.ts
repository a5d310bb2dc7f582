import { writeFileSync } from 'node:fs'
import { renderDkmsConf, templateFile } from '../build/source-tree.ts'
import type { Documents } from '../cli/documents.ts'
import { type CommonOptions, open } from './options.ts'

/** dkms.conf on stdout, or into a file. */
export async function render(options: CommonOptions & { out?: string }): Promise<void> {
  const { project, output } = open(options)
  const text = renderDkmsConf(project)
  if (options.out) writeFileSync(options.out, text)
  const document: Documents['render'] = {
    template: templateFile,
    file: options.out ?? null,
    text,
  }
  output.result(document, () =>
    options.out ? [`Wrote ${options.out}.`] : text.trimEnd().split('\n'),
  )
}
