import { readdirSync } from 'node:fs'

/**
 * npm run test:unit: all unit tests in one process. They are short, and a process for each file would
 * mostly load the same libraries again.
 */
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
await Promise.all(files.sort().map((name) => import(`./${name}`)))
