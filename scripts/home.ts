import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The folder with package.json, kmod and dkms.conf.tpl. This file stays where it is: its folder has
 * the same depth as dist/, where all of it ends.
 */
export const home = dirname(dirname(fileURLToPath(import.meta.url)))
