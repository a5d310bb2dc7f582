import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/** A log that finds no space must not hide what it was about. */
export function writeLog(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch {
    rmSync(file, { force: true })
  }
}

/** A log's text, or nothing where it cannot be read. */
export function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
