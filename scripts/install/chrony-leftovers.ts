import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../manifest/manifest.ts'

/**
 * Our parts of chrony's configuration that are there whether chrony is or not: once it was purged,
 * nothing says any more where it took them from.
 */
export function chronyLeftovers(project: Project, root = ''): string[] {
  if (!project.install.chrony) return []
  const folders = [
    '/etc/chrony/conf.d',
    '/etc/chrony.d',
    '/etc/systemd/system/chrony.service.d',
    '/etc/systemd/system/chronyd.service.d',
  ]
  return folders
    .map((folder) => `${folder}/${project.package.name}.conf`)
    .filter((file) => existsSync(join(root, file)))
}
