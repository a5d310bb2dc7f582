import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const made: string[] = []
process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A folder for a system's files, for what reads them; it goes with the process. */
export class Tree {
  readonly root = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))

  constructor(files: Record<string, string | Buffer> = {}) {
    made.push(this.root)
    for (const [path, text] of Object.entries(files)) this.put(path, text)
  }

  at(path: string): string {
    return join(this.root, path)
  }

  put(path: string, text: string | Buffer = ''): void {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    writeFileSync(this.at(path), text)
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    symlinkSync(target, this.at(path))
  }
}
