import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allHave, kernelsOf } from '../support/installed.ts'
import { builtPackages, debFile, makeVersion, newKey, versions } from '../support/packages.ts'
import { command, packedPackage, Root, type RootName } from '../support/roots.ts'
import { serve } from '../support/server.ts'

const repository = async () => join(await builtPackages(), 'repo')

/** What a person pastes; the key comes by a copy, as a root has no curl. */
async function use(root: Root, repo: string, url: string): Promise<void> {
  await root.copyIn(join(repo, 'key.asc'), '/etc/apt/vmmci.asc')
  await root.sh(`
    echo 'deb [signed-by=/etc/apt/vmmci.asc] ${url}/deb stable main' > /etc/apt/sources.list.d/vmmci.list
    apt-get update -q -o Dir::Etc::sourcelist=sources.list.d/vmmci.list \\
      -o Dir::Etc::sourceparts=/none -o APT::Update::Error-Mode=any 2>&1`)
}

const install = (root: Root, what = 'vmmci-dkms') =>
  root.run(['sh', '-c', `apt-get install -y -q ${what} 2>&1`])

/** And where backports have a newer kernel, whose headers come later. */
const bases: [string, RootName, suite?: string][] = [
  ['bullseye', 'kernel-5.10'],
  ['bookworm', 'kernel-6.1', 'bookworm-backports'],
  ['trixie, with kernels of backports', 'kernel-7.3'],
]

for (const [name, spec, backports] of bases)
  test(`${name}: from the repository, signature checked, for every kernel with headers`, async () => {
    const repo = await repository()
    await using server = await serve(repo)
    await using root = await Root.of(spec)
    await use(root, repo, server.url)
    const { status, stdout } = await install(root)
    assert.equal(status, 0, stdout)
    await allHave(root, versions.next)
    if (backports) {
      await root.sh(`
        sed 's/ bookworm / ${backports} /;1q' /etc/apt/sources.list > /etc/apt/sources.list.d/b.list
        apt-get update -q
        apt-get install -y -q --no-install-recommends -t ${backports} linux-headers-amd64`)
      assert.equal((await kernelsOf(root)).length, 2)
      await allHave(root, versions.next)
    }
    // The older version is still to be had.
    assert.match(await root.sh('apt-cache madison vmmci-dkms'), new RegExp(`${versions.now} `))
  })

test('a wrong signature and an altered package are refused', async () => {
  const repo = await repository()
  await using root = await Root.of('dkms')
  const flip = (content: Buffer) => {
    const altered = Buffer.from(content)
    altered.writeUInt8(altered.readUInt8(altered.length >> 1) ^ 1, altered.length >> 1)
    return altered
  }
  for (const part of [/InRelease$|Release\.gpg$/, /by-hash|Packages/] as const) {
    await using server = await serve(repo, (path, content) =>
      part.test(path) ? flip(content) : content,
    )
    await assert.rejects(
      use(root, repo, server.url),
      /invalid|Hash Sum mismatch|BADSIG|not signed/i,
    )
  }
  await using server = await serve(repo, (path, content) =>
    path.endsWith('.deb') ? flip(content) : content,
  )
  await use(root, repo, server.url)
  const { status, stdout } = await install(root)
  assert.notEqual(status, 0)
  assert.match(stdout, /Hash Sum mismatch/)

  await root.sh(`rm /etc/apt/vmmci.asc`)
  await using stranger = await Root.of('package')
  await stranger.sh(`${newKey('stranger')} && gpg --armor --export stranger > /root/stranger.asc`)
  await root.copyIn(join(stranger.folder, 'root/stranger.asc'), '/root/stranger.asc')
  cpSync(join(root.folder, 'root/stranger.asc'), join(root.folder, 'etc/apt/vmmci.asc'))
  await assert.rejects(
    root.sh(
      'apt-get update -q -o APT::Update::Error-Mode=any -o Dir::Etc::sourcelist=sources.list.d/vmmci.list -o Dir::Etc::sourceparts=/none 2>&1',
    ),
    /NO_PUBKEY|Missing key|not signed/,
  )
})

test('a repository grows; an interrupted run leaves the old index whole, and the next one mends', async () => {
  await using root = await Root.of('package')
  await root.addPackage(await packedPackage())
  const repo = `${command.join(' ')} package repo -q --sign packager --url http://127.0.0.1 --from /made/packages --out /repo`
  await root.sh(`${newKey('packager')}\n${makeVersion(versions.now)}\n${repo}`)
  const check = () =>
    root.sh(`
    gpg --quiet --verify /repo/deb/dists/stable/InRelease 2>&1
    gpg --quiet --verify /repo/rpm/repodata/repomd.xml.asc /repo/rpm/repodata/repomd.xml 2>&1
    cd /repo/deb/dists/stable && sed '1,/^SHA256:/d;/^SHA512:/,$d' Release |
      while read -r digest size name; do echo "$digest  $name"; done | sha256sum -c --quiet
    for dir in main/binary-*; do cd $dir/by-hash/SHA256; for f in *; do echo "$f  $f"; done | sha256sum -c --quiet; cd - >/dev/null; done
    cat main/binary-amd64/Packages; zcat /repo/rpm/repodata/*-primary.xml.gz`)
  const listed = (text: string, version: string) =>
    text.includes(`pool/${debFile(version)}`) && text.includes(`ver="${version}"`)
  assert.ok(listed(await check(), versions.now))

  // Torn off at each program that the index is made by.
  await root.sh(makeVersion(versions.next))
  for (const program of ['xz', 'gpg', 'rpmsign', 'createrepo_c']) {
    await root.sh(`
      printf '#!/bin/sh\\nkill -9 $PPID\\n' > /usr/local/bin/${program}; chmod +x /usr/local/bin/${program}
      ${repo} && exit 1; rm /usr/local/bin/${program}`)
    assert.ok(listed(await check(), versions.now), program)
  }
  await root.sh(repo)
  const both = await check()
  assert.ok(listed(both, versions.now) && listed(both, versions.next))
  const left = await root.sh("find /repo -name '.*' -not -path '*/.*/*'; ls -A /repo/deb /repo/rpm")
  assert.equal(left.match(/^\.(dists|repodata)-\w+$/gm)?.length, 4, left)

  // What came once under a version stays what it is.
  await root.sh('echo >> /repo/deb/pool/vmmci-dkms_1.0.0_all.deb')
  const { status, stderr } = await root.run(['sh', '-c', repo])
  assert.equal(status, 18)
  assert.match(stderr, /is another package of the same version/)
})

test('one key is changed for another: guests that upgrade in between go on, and no others', async () => {
  await using root = await Root.of('package')
  await root.addPackage(await packedPackage())
  await root.sh(`mkdir -p /repo; ${newKey('old')}\n${newKey('new')}
    ${command.join(' ')} package all -q --out /made`)
  await using server = await serve(join(root.folder, 'repo'))
  const keyring = 'vmmci-dkms-archive-keyring'
  const repo = (...keys: string[]) =>
    root.sh(`${command.join(' ')} package repo --from /made --out /repo --url ${server.url} \\
      ${keys.map((key) => `--sign ${key}`).join(' ')}`)
  const update = () =>
    root.run([
      ...[
        'apt-get',
        'update',
        '-q',
        '-o',
        'APT::Update::Error-Mode=any',
        '-o',
        'Dir::Etc::sourceparts=/only',
      ],
      ...['-o', 'Dir::Etc::sourcelist=/none'],
    ])
  const mustUpdate = async () => {
    const { status, stdout, stderr } = await update()
    assert.equal(status, 0, stdout + stderr)
  }
  const knownKeys = () =>
    root.sh(`gpg --show-keys --with-colons /usr/share/keyrings/${keyring}.gpg | grep ^uid`)

  // What is printed is what is typed; apt's own helper is there where curl is not.
  const said = await repo('old')
  const typed = [...said.matchAll(/^ {2}(curl -fsSO.*|apt install \.\/.*)$/gm)].map(
    ([, line]) => line,
  )
  assert.equal(typed.length, 2, said)
  await root.sh(`
    cd /tmp; curl() { shift; /usr/lib/apt/apt-helper download-file "$1" "\${1##*/}"; }
    apt() { apt-get -q -y "$@"; }
    ${typed.join('\n')}
    ln -s /etc/apt/sources.list.d /only
    lintian --pedantic --fail-on none /tmp/*.deb`)
  await mustUpdate()
  assert.match(await root.sh('apt-cache policy vmmci-dkms'), new RegExp(server.url))
  await repo('old')
  assert.equal((await root.sh(`ls /repo/deb/pool | grep -c ${keyring}`)).trim(), '1')

  await repo('old', 'new')
  await mustUpdate()
  await root.sh('cp /usr/share/keyrings/*archive-keyring.gpg /root')
  await root.sh(`apt-get install -y -q --only-upgrade ${keyring} >&2`)
  assert.match(await knownKeys(), /old[\s\S]*new|new[\s\S]*old/)
  await root.sh('rpmkeys --import /repo/key.asc && rpm -K /repo/rpm/*.rpm')

  await repo('new')
  await mustUpdate()
  await root.sh(`apt-get install -y -q --only-upgrade ${keyring} >&2`)
  assert.doesNotMatch(await knownKeys(), /old/)
  await mustUpdate()

  // Who did not upgrade in between knows the old key alone.
  await root.sh(`cp /root/${keyring}.gpg /usr/share/keyrings/`)
  assert.notEqual((await update()).status, 0)
  await root.sh(`apt-get purge -y -q ${keyring} >&2`)
  assert.equal(await root.sh('ls -A /only /usr/share/keyrings | grep vmmci || true'), '')
})
