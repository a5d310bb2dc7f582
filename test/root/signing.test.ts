import assert from 'node:assert/strict'
import { readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitStatus } from '../../scripts/run/failure.ts'
import { isSignedBy, readSignature, withoutSignatures } from '../../scripts/signing/signature.ts'
import { kernelsOf } from '../support/installed.ts'
import { builtModules, project } from '../support/kernels.ts'
import { packedPackage, Root } from '../support/roots.ts'

const folder = '/var/lib/vmmci-dkms'

async function withModules(): Promise<{ root: Root; release: string; place: string }> {
  const root = await Root.of('package')
  await root.addPackage(await packedPackage())
  const release = (await kernelsOf(root)).at(-1) as string
  const place = `/lib/modules/${release}/updates`
  await root.sh(`mkdir -p ${place}`)
  for (const { name } of project.modules)
    await root.copyIn(join(await builtModules('6.12'), `${name}.ko`), `${place}/${name}.ko`)
  return { root, release, place }
}

const read = (root: Root, file: string) => readFileSync(join(root.folder, file))

test('keys new: for nobody else to read, not for a moment; never over another', async () => {
  const { root } = await withModules()
  await using _ = root
  await root.sh(`mkdir -m 700 ${folder}`)
  const modes = new Set<string>()
  const key = join(root.folder, folder, 'module-signing.key')
  const watcher = watch(join(root.folder, folder), (_, name) => {
    if (name === 'module-signing.key') modes.add((statSync(key).mode & 0o777).toString(8))
  })
  const made = await root.cli('keys', 'new')
  watcher.close()
  assert.equal(made.status, 0, made.stderr)
  assert.deepEqual([...modes], ['600'])
  assert.equal(statSync(join(root.folder, folder)).mode & 0o777, 0o700)
  const text = await root.sh(`openssl x509 -noout -text -in ${folder}/module-signing.der`)
  assert.match(text, /Code Signing, 1\.3\.6\.1\.4\.1\.2312\.16\.1\.2/)
  assert.match(text, /CA:FALSE/)

  const before = read(root, `${folder}/module-signing.key`)
  for (const gone of ['', `rm ${folder}/module-signing.der`]) {
    await root.sh(gone)
    const again = await root.cli('keys', 'new')
    assert.equal(again.status, exitStatus.sign)
    assert.match(again.stderr, /is there already, and is left alone/)
  }
  assert.deepEqual(read(root, `${folder}/module-signing.key`), before)
})

test('a passphrase is in no process list and no output', async () => {
  const { root, release, place } = await withModules()
  await using _ = root
  const without = await root.cli('keys', 'new', '--passphrase')
  assert.equal(without.status, exitStatus.usage)
  const made = await root.sh(`
    mv /usr/bin/openssl /usr/bin/openssl.real
    printf '#!/bin/sh\\ntr "\\\\0" " " </proc/$$/cmdline >>/tmp/words; echo "$@" >>/tmp/words\\nexec openssl.real "$@"\\n' > /usr/bin/openssl
    chmod +x /usr/bin/openssl
    KBUILD_SIGN_PIN=hush-hush node /opt/vmmci/dist/cli.js keys new --passphrase --verbose 2>&1`)
  assert.doesNotMatch(made, /hush/)
  assert.match(await root.sh('cat /tmp/words'), /-passout env:KBUILD_SIGN_PIN/)
  assert.doesNotMatch(await root.sh('cat /tmp/words'), /hush/)
  assert.match(await root.sh(`head -n 1 ${folder}/module-signing.key`), /ENCRYPTED/)

  const signs = `KBUILD_SIGN_PIN=hush-hush node /opt/vmmci/dist/cli.js sign --kernel ${release} --verbose 2>&1`
  const said = await root.sh(`${signs}
    rm $(readlink -f /lib/modules/${release}/build/scripts)/sign-file
    ${signs}`)
  assert.doesNotMatch(said, /hush/)
  assert.doesNotMatch(await root.sh('cat /tmp/words'), /hush/)
  const signature = readSignature(read(root, `${place}/virtio_vmmci.ko`))
  assert.ok(signature && isSignedBy(signature, read(root, `${folder}/module-signing.der`)))
})

/** How a module is called when packed, and what packs and unpacks it. */
const packings = [
  ['', 'true', 'cat'],
  ['.xz', 'xz --check=crc32', 'xz -dc'],
  ['.gz', 'gzip', 'gzip -dc'],
  ['.zst', 'zstd -q --rm', 'zstd -dqc'],
] as const

test('sign: installed modules, compressed or not, and again; each checked and exchanged whole', async () => {
  const { root, release, place } = await withModules()
  await using _ = root
  await root.sh('node /opt/vmmci/dist/cli.js keys new')
  const cert = read(root, `${folder}/module-signing.der`)
  const plain = read(root, `${place}/virtio_vmmci.ko`)
  for (const [end, pack, unpack] of packings) {
    const file = `${place}/virtio_vmmci.ko${end}`
    await root.sh(`${pack} ${place}/virtio_vmmci.ko
      chmod 640 ${file}; chown 0:7 ${file}`)
    for (const _time of ['first', 'again']) {
      const { status, stderr } = await root.cli('sign', '--kernel', release)
      assert.equal(status, 0, stderr)
    }
    await root.sh(`${unpack} ${file} > /tmp/module.ko`)
    const module = read(root, '/tmp/module.ko')
    const signature = readSignature(module)
    assert.ok(signature && isSignedBy(signature, cert), end)
    assert.deepEqual(signature.content, plain, 'the older signature is gone')
    const { mode, gid } = statSync(join(root.folder, file))
    assert.deepEqual([mode & 0o777, gid], [0o640, 7])
    assert.match(await root.sh('modinfo -F signer /tmp/module.ko'), /signing key/)
    await root.sh(`rm ${file}; cp /tmp/module.ko ${place}/virtio_vmmci.ko`)
  }
  assert.equal((await root.sh(`ls ${place}`)).trim(), 'virtio_pci_obsd.ko\nvirtio_vmmci.ko')

  // Where the headers have no sign-file: kmodsign, which is that in a package of its own; or openssl.
  for (const instead of [
    `mv $(readlink -f /lib/modules/${release}/build/scripts)/sign-file /root/sign-file
    printf '#!/bin/sh\\necho kmodsign >> /root/used; exec /root/sign-file "$@"\\n' > /usr/bin/kmodsign
    chmod +x /usr/bin/kmodsign`,
    'rm /usr/bin/kmodsign',
  ]) {
    await root.sh(instead)
    const { status, stderr } = await root.cli('sign', '--kernel', release)
    assert.equal(status, 0, stderr)
    assert.equal((await root.sh('uniq /root/used')).trim(), 'kmodsign')
    const signature = readSignature(read(root, `${place}/virtio_vmmci.ko`))
    assert.ok(signature && isSignedBy(signature, cert))
    assert.deepEqual(withoutSignatures(read(root, `${place}/virtio_vmmci.ko`)), plain)
  }
})

test('sign: with a key in a token, which it does not leave', async () => {
  const { root, release, place } = await withModules()
  await using _ = root
  await root.sh(`
    cd /root && umask 077 && echo -n 1234 > pin
    softhsm2-util --init-token --free --label token --pin 1234 --so-pin 1234
    openssl req -x509 -nodes -newkey rsa:2048 -subj '/CN=a token' -keyout key -out cert 2>/dev/null
    openssl pkey -in key -out pkcs8
    softhsm2-util --import pkcs8 --token token --label module --id 01 --pin 1234
    rm key pkcs8
    cat > openssl.cnf <<'END'
openssl_conf = all
[all]
providers = them
[them]
default = usual
pkcs11 = token
[usual]
activate = 1
[token]
pkcs11-module-path = /usr/lib/softhsm/libsofthsm2.so
pkcs11-module-token-pin = file:/root/pin
activate = 1
END
    OPENSSL_CONF=/root/openssl.cnf node /opt/vmmci/dist/cli.js sign --kernel ${release} \\
      --key 'pkcs11:token=token;object=module;type=private' --cert cert`)
  const signature = readSignature(read(root, `${place}/virtio_vmmci.ko`))
  assert.ok(signature && isSignedBy(signature, read(root, '/root/cert')))
})

test('which key is taken, and half a key is refused and left alone', async () => {
  const { root, release, place } = await withModules()
  await using _ = root
  const before = read(root, `${place}/virtio_vmmci.ko`)
  const none = await root.cli('sign', '--kernel', release)
  assert.equal(none.status, exitStatus.sign)
  assert.match(none.stderr, /There is no key to sign with/)

  const make = (key: string, cert: string) =>
    root.sh(`mkdir -p $(dirname ${key}) $(dirname ${cert})
      openssl req -x509 -nodes -subj /CN=x -newkey rsa:2048 -keyout ${key} -out ${cert} 2>/dev/null`)
  const first = async () =>
    JSON.parse((await root.cli('keys', 'show', '--json')).stdout).keys[0]?.of
  await make('/etc/pki/akmods/private/private_key.priv', '/etc/pki/akmods/certs/public_key.der')
  assert.equal(await first(), 'akmods')
  await make('/var/lib/dkms/mok.key', '/var/lib/dkms/mok.pub')
  assert.equal(await first(), 'dkms')
  await make('/var/lib/shim-signed/mok/MOK.priv', '/var/lib/shim-signed/mok/MOK.der')
  assert.equal(await first(), 'Ubuntu (shim-signed)')
  await make('/root/told.key', '/root/told.pub')
  await root.sh(
    `printf 'mok_signing_key="/root/told.key"\\nmok_certificate=/root/told.pub\\n' > /etc/dkms/framework.conf.d/told.conf`,
  )
  assert.equal(await first(), "dkms's framework.conf")
  const shown = await root.cli('keys', 'show')
  assert.match(shown.stdout, /This machine has no UEFI, as under vmd/)

  await root.sh('rm /root/told.pub')
  const half = await root.cli('sign', '--kernel', release)
  assert.equal(half.status, exitStatus.sign)
  assert.match(
    half.stderr,
    /Half a key .*told\.key is there, \/root\/told\.pub is not\. Left alone/,
  )
  assert.deepEqual(read(root, `${place}/virtio_vmmci.ko`), before)
})

test('install: dkms signs with the key that keys new made, also at the next kernel', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const release = (await kernelsOf(root)).at(-1) as string
  await root.sh('node /opt/vmmci/dist/cli.js keys new')
  const cert = read(root, `${folder}/module-signing.der`)
  const isSigned = async (kernel: string) => {
    await root.sh(`f=$(find /lib/modules/${kernel}/ -name 'virtio_vmmci.ko*')
      case $f in *.xz) xz -dc $f ;; *) cat $f ;; esac > /tmp/module`)
    const signature = readSignature(read(root, '/tmp/module'))
    return signature !== undefined && isSignedBy(signature, cert)
  }
  await root.sh('node /opt/vmmci/dist/cli.js build --quiet --out /tmp/built')
  const built = readSignature(read(root, `/tmp/built/${release}/virtio_vmmci.ko`))
  assert.ok(built && isSignedBy(built, cert))
  const { status, stderr } = await root.cli('install', '--yes', '--no-prereqs')
  assert.equal(status, 0, stderr)
  assert.equal(await isSigned(release), true)
  await root.addTwin(release, `${release}-twin`)
  await root.sh(`dkms autoinstall -k ${release}-twin`)
  assert.equal(await isSigned(`${release}-twin`), true)
})

test('a key of which half went is not written over at the next kernel, and that is said', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const release = (await kernelsOf(root)).at(-1) as string
  const { status, stderr } = await root.cli('install', '--yes', '--no-prereqs')
  assert.equal(status, 0, stderr)
  await root.addTwin(release, `${release}-twin`)
  for (const [gone, kept] of [
    ['mok.pub', 'mok.key'],
    ['mok.key', 'mok.pub'],
  ]) {
    await root.sh(`cp -p /var/lib/dkms/${gone} /root/${gone}; rm /var/lib/dkms/${gone}`)
    const before = read(root, `/var/lib/dkms/${kept}`)
    const said = await root.sh(`dkms autoinstall -k ${release}-twin 2>&1`)
    assert.match(said, /half of the signing key \S+, \S+ is missing; signing nothing/)
    assert.deepEqual(read(root, `/var/lib/dkms/${kept}`), before)
    assert.equal((await root.run(['test', '-e', `/var/lib/dkms/${gone}`])).status, 1)
    await root.sh(`dkms unbuild vmmci-dkms/${project.version} -k ${release}-twin
      mv /root/${gone} /var/lib/dkms/${gone}`)
  }
})

test('half a key of dkms stops an installation, for dkms would write over it', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh('echo precious > /var/lib/dkms/mok.key')
  const before = await root.state()
  const { status, stderr } = await root.cli('install', '--yes', '--no-prereqs')
  assert.equal(status, exitStatus.sign)
  assert.match(
    stderr,
    /Half a key \(dkms\): \/var\/lib\/dkms\/mok\.key is there, .*mok\.pub is not/,
  )
  assert.deepEqual(await root.changed(before), [])
  assert.equal((await root.sh('cat /var/lib/dkms/mok.key')).trim(), 'precious')
})

/** A root where a manifest of that policy was installed, with a key there. */
async function installedBy(policy: string): Promise<{ root: Root; release: string }> {
  const root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  const release = (await kernelsOf(root)).at(-1) as string
  await root.sh(`sed -i 's/"signing": "auto"/"signing": "${policy}"/' /opt/vmmci/kmod/manifest.json
    node /opt/vmmci/dist/cli.js keys new
    node /opt/vmmci/dist/cli.js install --yes --no-prereqs`)
  return { root, release }
}

test('a manifest that requires signatures: a rebuild that cannot sign installs nothing', async () => {
  const { root, release } = await installedBy('require')
  await using _ = root
  for (const name of ['good', 'bad']) await root.addTwin(release, `${release}-${name}`)
  const modules = (name: string) => root.sh(`find /lib/modules/${release}-${name}/ -name '*.ko*'`)
  await root.sh(`dkms autoinstall -k ${release}-good`)
  assert.equal((await modules('good')).trim().split('\n').length, project.modules.length)

  await root.sh(`echo no key > ${folder}/module-signing.key`)
  const { status, stdout, stderr } = await root.run(['dkms', 'autoinstall', '-k', `${release}-bad`])
  assert.notEqual(status, 0)
  assert.match(stdout + stderr, /is not signed, which its manifest requires; not installed/)
  assert.equal((await modules('bad')).trim(), '')
})

test('a manifest that wants no signatures: dkms, which signs, leaves none', async () => {
  const { root, release } = await installedBy('never')
  await using _ = root
  await root.addTwin(release, `${release}-twin`)
  const rebuilt = await root.sh(`dkms autoinstall -k ${release}-twin`)
  assert.match(rebuilt, /Signing module/)
  for (const kernel of [release, `${release}-twin`]) {
    const files = (await root.sh(`find /lib/modules/${kernel}/updates -name '*.ko*'`))
      .trim()
      .split('\n')
    assert.equal(files.length, project.modules.length)
    for (const file of files) {
      assert.equal(await root.sh(`modinfo -F signer ${file}`), '')
      assert.ok((await root.sh(`modinfo -F vermagic ${file}`)).startsWith(`${kernel} `))
    }
  }
})

test('a signature is taken off a module, however that is compressed', async () => {
  const { root, release, place } = await withModules()
  await using _ = root
  await root.sh(`node /opt/vmmci/dist/cli.js keys new
    node /opt/vmmci/dist/cli.js sign --kernel ${release}
    cp ${place}/virtio_vmmci.ko /root/signed.ko`)
  for (const [end, pack, unpack] of packings) {
    await root.sh(`rm -rf /tmp/built; mkdir /tmp/built; cp /root/signed.ko /tmp/built/
      ${pack} /tmp/built/signed.ko
      /opt/vmmci/scripts/guest/signature-policy never /tmp/built
      ${unpack} /tmp/built/signed.ko${end} > /root/module.ko`)
    assert.equal((await root.sh('ls /tmp/built')).trim(), `signed.ko${end}`)
    assert.equal(readSignature(read(root, '/root/module.ko')), undefined)
    assert.ok((await root.sh('modinfo -F vermagic /root/module.ko')).startsWith(`${release} `))
  }
})

test('a manifest that requires signatures: no key, no installation', async () => {
  await using root = await Root.of('dkms')
  await root.addPackage(await packedPackage())
  await root.sh(`sed -i 's/"signing": "auto"/"signing": "require"/' /opt/vmmci/kmod/manifest.json
    mv /usr/bin/openssl /usr/bin/openssl.gone 2>/dev/null || true`)
  const before = await root.state()
  const { status, stderr } = await root.cli('install', '--yes', '--no-prereqs')
  assert.equal(status, exitStatus.sign, stderr)
  assert.match(stderr, /requires signatures, and there is no key\.\n {2}try: \S+ keys new/)
  assert.deepEqual(await root.changed(before), [])
})
