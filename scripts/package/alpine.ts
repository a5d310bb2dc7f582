import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kind, rendered, sourceArchive, values } from './kind.ts'
import { digest } from './values.ts'

/** Only what abuild builds from: abuild itself is Alpine's. */
export const alpine: Kind = {
  tools: {},

  async stage(input) {
    const archive = await sourceArchive(input, input.work)
    const akmbuild = join(input.work, 'AKMBUILD')
    writeFileSync(akmbuild, rendered(input, 'alpine/AKMBUILD.tpl'))
    const sha512 = [archive, akmbuild]
      .map((file) => `${digest('sha512', file)}  ${file.slice(input.work.length + 1)}`)
      .join('\n')
    writeFileSync(join(input.work, 'APKBUILD'), rendered(input, 'alpine/APKBUILD.tpl', { sha512 }))
  },

  commands: () => [],

  results: (input) => ['APKBUILD', 'AKMBUILD', values(input).tarball],
}
