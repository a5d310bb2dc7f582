import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { home } from '../home.ts'
import { debianFiles } from './debian.ts'
import { pages } from './reference.ts'

// npm run docs
for (const [path, text] of Object.entries({ ...pages, ...debianFiles() })) {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), text)
}
