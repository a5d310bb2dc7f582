import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot } from '../run/exec.ts'

/** Files that container managers leave inside: systemd-nspawn and LXC, Docker, podman, any of systemd's. */
const marks = [
  '/run/systemd/container',
  '/.dockerenv',
  '/run/.containerenv',
  '/run/host/container-manager',
]

function environment(root: string): string {
  try {
    return readFileSync(join(root, '/proc/1/environ'), 'utf8')
  } catch {
    return ''
  }
}

/** Whether the first process has another root folder: this is a chroot, such as one for repair. */
function isChroot(root: string): boolean {
  try {
    const [ours, first] = [statSync(join(root, '/')), statSync(join(root, '/proc/1/root'))]
    return ours.dev !== first.dev || ours.ino !== first.ino
  } catch {
    // Only root may look there. Where root may not, the first process is somebody else's.
    return isRoot()
  }
}

/** Whether the running kernel is a host's, so that none of the kernels installed here runs now. */
export function insideContainer(root = ''): boolean {
  return (
    marks.some((file) => existsSync(join(root, file))) ||
    environment(root)
      .split('\0')
      .some((variable) => variable.startsWith('container=')) ||
    isChroot(root)
  )
}
