import assert from 'node:assert/strict'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { which } from '../../scripts/run/exec.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { newKey, versions } from '../support/packages.ts'
import { Root } from '../support/roots.ts'

const publisher = {
  author: 'Ada Lovelace <ada@example.org>',
  homepage: 'https://example.org/vmmci',
  repository: 'https://example.org/vmmci.git',
  bugs: 'https://example.org/vmmci/issues',
}

test('a release: refused while it is nobody’s, made whole, and made again the same', async () => {
  await using root = await Root.of('package')
  root.addCheckout('src')
  await root.showFolder(join(home, 'node_modules'), '/src/node_modules')
  // The npm that this machine has: Debian's are 400 packages.
  await root.showFolder(dirname(dirname(realpathSync(which('npm') ?? ''))), '/opt/npm')
  await root.sh(`
    printf '#!/bin/sh\nexec node /opt/npm/bin/npm-cli.js "$@"\n' > /usr/local/bin/npm
    chmod +x /usr/local/bin/npm
    apt-get update -q >&2; apt-get install -y -q --no-install-recommends git >&2
    git config --global user.email a@example.org; git config --global user.name A
    git config --global init.defaultBranch main
    cd /src && git init -q && git add . && git commit -q -m all`)
  const npm = (words: string) => root.run(['sh', '-c', `cd /src && npm run -s ${words}`])

  const refused = await npm('release')
  assert.equal(refused.status, exitStatus.package)
  assert.match(
    refused.stderr,
    /^package\.json does not say yet: author, homepage, repository, bugs\.$/m,
  )

  const set = Object.entries(publisher).map(([key, value]) => `'${key}=${value}'`)
  await root.sh(`cd /src && npm pkg set ${set.join(' ')} && npm run -s docs`)
  assert.match((await npm('release')).stderr, /not committed/)
  await root.sh(`cd /src && git commit -q -a -m mine; ${newKey('ada')}`)

  const { status, stdout, stderr } = await npm('release -- --sign ada --url https://example.org/r')
  assert.equal(status, 0, stdout + stderr)
  await root.sh(`cd /src/build/release && sha256sum -c --strict SHA256SUMS >&2
    gpg --quiet --verify SHA256SUMS.asc SHA256SUMS
    gpg --quiet --verify ../release-repo/deb/dists/stable/InRelease`)
  const read = async (file: string) => JSON.parse(await root.sh(`cat /src/build/release/${file}`))
  const bom = await read('sbom.cdx.json')
  const scopes = new Map(
    bom.components.map((c: { name: string; scope: string }) => [c.name, c.scope]),
  )
  assert.deepEqual([scopes.get('commander'), scopes.get('typescript')], ['required', 'excluded'])
  const { subject, predicate } = await read('provenance.json')
  const names = subject.map(({ name }: { name: string }) => name)
  const deb = `vmmci-dkms-tools_${versions.now}_all.deb`
  for (const name of [deb, `vmmci-dkms-${versions.now}.tgz`, 'APKBUILD', 'sbom.cdx.json'])
    assert.ok(names.includes(name), `${name} in ${names}`)
  assert.equal(
    predicate.buildDefinition.externalParameters.commit,
    (await root.sh('git -C /src rev-parse HEAD')).trim(),
  )
  assert.equal(
    (await root.sh(`dpkg-deb -f /src/build/release/${deb} Maintainer`)).trim(),
    publisher.author,
  )

  // All of it, from another folder of the same commit, at another time.
  await root.sh('git clone -q /src /again')
  await root.showFolder(join(home, 'node_modules'), '/again/node_modules')
  const again = (files: string) =>
    root.run(['sh', '-c', `cd /again && npm run -s verify -- ${files}`])
  const all = names.map((name: string) => `/src/build/release/${name}`).join(' ')
  const same = await again(all)
  assert.equal(same.status, 0, same.stdout + same.stderr)
  await root.sh(`echo >> /src/build/release/${deb}`)
  const other = await again(`/src/build/release/${deb}`)
  assert.equal(other.status, exitStatus.package)
  assert.match(other.stderr, /is not what [0-9a-f]{40} makes/)
  await root.sh('cd /again && git commit -q --allow-empty -m more')
  assert.match((await again(all)).stderr, /The release is of [0-9a-f]{40}, and this is/)
})
