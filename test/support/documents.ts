import { Ajv } from 'ajv'
import { type DocumentName, documentSchema, documents } from '../../scripts/cli/documents.ts'

const ajv = new Ajv({ strict: true, allowUnionTypes: true }).addSchema(documentSchema, 'all')

/** Which document a command prints. */
function named(words: readonly string[]): DocumentName {
  const [command = '', what = ''] = words
  const both = `${command} ${what}`
  return (both in documents ? both : command) as DocumentName
}

/** Throws unless what a command printed with --json is what its schema says, or an error, or a plan. */
export function checkDocument(words: readonly string[], stdout: string): void {
  const name = words.includes('--dry-run') ? '--dry-run' : named(words)
  const texts =
    name === 'watch' && !stdout.includes('"error": {') ? stdout.trim().split('\n') : [stdout]
  const names = [name, 'error', ...(words.includes('--stage') ? ['package --stage'] : [])].filter(
    (one) => one in documents,
  )
  for (const text of texts) {
    const fits = names.some((one) =>
      ajv.validate({ $ref: `all#/definitions/${encodeURI(one)}` }, JSON.parse(text)),
    )
    if (fits) continue
    ajv.validate({ $ref: `all#/definitions/${encodeURI(name)}` }, JSON.parse(text))
    throw new Error(`${words.join(' ')}: ${ajv.errorsText()}\n${text}`)
  }
}
