import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where all that the tests make once is kept. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vmmci-dkms')
