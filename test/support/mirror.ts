import { exec } from '../../scripts/run/exec.ts'

/** The Debian mirrors that this machine's own apt uses; no host is written anywhere. */
export async function mirrors(): Promise<{ main: string; security: string }> {
  const { stdout } = await exec({ argv: ['apt-get', 'indextargets', '--format', '$(REPO_URI)'] })
  const uris = [...new Set(stdout.split('\n'))].map((uri) => uri.replace(/\/$/, ''))
  const main = uris.find((uri) => uri.endsWith('/debian'))
  if (!main) throw new Error('apt on this machine knows no Debian mirror')
  const security = uris.find((uri) => uri.endsWith('/debian-security')) ?? `${main}-security`
  return { main, security }
}
