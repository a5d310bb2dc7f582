import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * An index of which readers see a whole one at any time: a link to a folder, and a new folder is made
 * beside it and linked in one rename. What an interrupted run left goes with the next one.
 */
export class Generation {
  /** Where the new one is made. */
  readonly folder: string

  constructor(private readonly link: string) {
    const current = existsSync(link) ? basename(readlinkSync(link)) : undefined
    for (const name of readdirSync(dirname(link)))
      if (name.startsWith(`.${basename(link)}-`) && name !== current)
        rmSync(join(dirname(link), name), { recursive: true })
    this.folder = mkdtempSync(join(dirname(link), `.${basename(link)}-`))
  }

  /** The one that readers have now, if there is one. */
  get previous(): string | undefined {
    return existsSync(this.link) ? this.link : undefined
  }

  /** From here on readers have the new one. */
  publish(): void {
    const link = `${this.folder}.link`
    symlinkSync(basename(this.folder), link)
    renameSync(link, this.link)
  }
}
