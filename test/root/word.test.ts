import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { home } from '../../scripts/home.ts'
import { exitStatus } from '../../scripts/run/failure.ts'
import { kernelsOf } from '../support/installed.ts'
import { command, packedPackage, Root } from '../support/roots.ts'
import { atTerminal } from '../support/terminal.ts'

// One root and a module that is built in a moment: each test goes on from where the last one ended.
describe('an installation keeps its word', () => {
  let root: Root
  let release: string
  let twin: string
  const manifest = ['--manifest', '/root/hello/manifest.json']
  const line = (...words: string[]) => [...command, ...words, ...manifest].join(' ')
  const cli = (...words: string[]) => root.cli(...words, ...manifest)
  const modulesOf = async (kernel: string) =>
    (await root.sh(`find /lib/modules/${kernel}/ -name 'hello_else.ko*'`))
      .split('\n')
      .filter(Boolean)
  const version = async (kernel: string) =>
    (
      await root.sh(`modinfo -F version $(find /lib/modules/${kernel}/ -name 'hello_else.ko*')`)
    ).trim()
  const setVersion = (to: string) =>
    root.sh(`sed -i 's/"0\\.[0-9.]*"/"${to}"/' /root/hello/hello_else.c /root/hello/manifest.json`)

  before(async () => {
    root = await Root.of('dkms')
    await root.addPackage(await packedPackage())
    cpSync(join(home, 'test/fixtures/hello'), join(root.folder, 'root/hello'), { recursive: true })
    release = (await kernelsOf(root)).at(-1) as string
    twin = `${release}-twin`
    await root.addTwin(release, twin)
  })
  after(() => root.dispose())

  test('what a dry run prints can be pasted, and does the same', async () => {
    await root.sh(`${line('install', '--dry-run', '--kernel', release)} > /root/plan
      cd / && sh -e /root/plan`)
    const { status, stdout, stderr } = await cli('install', '--yes', '--kernel', release)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /is installed already/)
    assert.equal((await cli('uninstall', '--yes')).status, 0)
  })

  for (const mask of ['077', '027'])
    test(`with umask ${mask} all is for all to read, and the second time there is nothing to do`, async () => {
      await root.sh(`umask ${mask}; ${line('install', '--yes', '--kernel', release)}`)
      const hidden = await root.sh(
        `find /usr/src/hello-* /etc/modprobe.d/hello* /etc/modules-load.d/hello* ! -perm -444`,
      )
      assert.equal(hidden, '')
      assert.match((await cli('install', '--yes', '--kernel', release)).stdout, /installed already/)
    })

  test('a second kernel, and the removal from one of them', async () => {
    assert.equal((await cli('install', '--yes', '--kernel', twin)).status, 0)
    const missing = await cli('uninstall', '--yes', '--kernel', '6.1.0-absent')
    assert.equal(missing.status, exitStatus.kernel)
    const removed = await cli('uninstall', '--yes', '--kernel', release)
    assert.equal(removed.status, 0, removed.stderr)
    assert.deepEqual(await modulesOf(release), [])
    assert.equal((await modulesOf(twin)).length, 1)
    assert.match(await root.sh('ls /usr/src /etc/modprobe.d'), /hello[\s\S]*hello/)
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, 0)
  })

  test('sources that somebody deleted are written again', async () => {
    await root.sh('rm -r /usr/src/hello-dkms-0.3.1')
    const checked = await cli('check', '--kernel', release)
    assert.match(
      checked.stdout,
      /whose source is\s+gone:\s+\S+hello-dkms\/0\.3\.1\.\n +try: .* install/,
    )
    const { status, stderr } = await cli('install', '--yes', '--kernel', release)
    assert.equal(status, 0, stderr)
    assert.match(await root.sh('dkms status hello-dkms'), /installed/)
    assert.match((await cli('install', '--yes', '--kernel', release)).stdout, /installed already/)
  })

  test('an upgrade while a kernel has no headers leaves its module, and names it', async () => {
    await root.sh(`mv /opt/headers-${twin} /opt/away`)
    await setVersion('0.4.0')
    const { status, stderr } = await cli('install', '--yes', '--kernel', release)
    assert.equal(status, 0, stderr)
    assert.equal(await version(release), '0.4.0')
    assert.equal(await version(twin), '0.3.1')
    assert.match(
      stderr,
      new RegExp(`${twin.replaceAll('+', '\\+')}[\\s\\S]*keeps the older modules`),
    )
    await root.sh(`mv /opt/away /opt/headers-${twin}`)
  })

  test('of the same version, other sources that do not compile leave the module', async () => {
    const [file] = await modulesOf(release)
    const before = await root.sh(`sha256sum ${file}`)
    const state = await root.state()
    await root.sh('echo "this is no C;" >> /root/hello/hello_else.c')
    const failed = await cli('install', '--yes', '--kernel', release)
    assert.equal(failed.status, exitStatus.build, failed.stderr)
    assert.match(failed.stderr, /try: less \/var\/log\/hello-dkms\/\S+\.log/)
    assert.deepEqual(await root.changed(state), [])

    // As a package would: it goes on, and the kernel keeps what it has.
    await root.sh(`cp -R /usr/src/hello-dkms-0.4.0 /root/whole
      cp /root/hello/hello_else.c /usr/src/hello-dkms-0.4.0/
      /opt/vmmci/scripts/guest/every-kernel install hello-dkms 0.4.0`)
    assert.equal(await root.sh(`sha256sum ${file}`), before)
    await root.sh(`rm -r /usr/src/hello-dkms-0.4.0; mv /root/whole /usr/src/hello-dkms-0.4.0
      sed -i '$d' /root/hello/hello_else.c`)
    assert.equal((await cli('install', '--yes', '--all-kernels')).status, 0)
  })

  test('an undo that fails keeps what it had saved, and says how to put it back', async () => {
    const state = await root.state()
    await root.sh(`echo "this is no C;" >> /root/hello/hello_else.c
      mv /usr/bin/tar /usr/bin/tar.real
      printf '%s\\n' '#!/bin/sh' 'case "$*" in *-xpf*) echo "No space left on device" >&2; exit 2 ;; esac' 'exec tar.real "$@"' > /usr/bin/tar
      chmod +x /usr/bin/tar`)
    await setVersion('0.5.0')
    const { status, stderr } = await cli('install', '--yes', '--kernel', release)
    assert.equal(status, exitStatus.build, stderr)
    const [, putBack] = /This puts it back:\n {2}(tar .*)\n/.exec(stderr) ?? []
    assert.ok(putBack, stderr)
    await root.sh(`mv /usr/bin/tar.real /usr/bin/tar; ${putBack}; rm -r /tmp/vmmci-dkms-*`)
    assert.deepEqual(await root.changed(state), [])
    await root.sh("sed -i '$d' /root/hello/hello_else.c")
  })

  test('the second Ctrl-C under sudo does not end the undoing', async () => {
    await root.sh(`apt-get update -q && apt-get install -y -q --no-install-recommends sudo
      useradd -m admin && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
      cp -R /root/hello /home/admin/hello`)
    const state = await root.state()
    const words = [...command, 'install', '--yes', '--verbose', '--kernel', release]
    const { status, screen } = await atTerminal(
      root,
      [...words, '--manifest', '/home/admin/hello/manifest.json'],
      [
        { after: /Building module/, keys: '\x03' },
        { after: /\^C|Putting back/, keys: '\x03' },
        { after: /Putting back|\^C/, keys: '\x03' },
      ],
      'admin',
    )
    assert.equal(status, exitStatus.interrupted, screen)
    assert.doesNotMatch(screen, /Could not undo|is kept in/)
    assert.deepEqual(await root.changed(state), [])
    assert.equal(await version(release), '0.4.0')
  })

  test('names that are no names are refused, and names that begin alike are others', async () => {
    const state = await root.state()
    for (const name of ['', '.', '..', '-x', 'a/b']) {
      const { status } = await root.run(['/opt/vmmci/scripts/guest/every-kernel', 'remove', name])
      assert.equal(status, 2, name)
    }
    await root.sh(`mkdir -p /usr/src/hello-dkms-more-1.0 /var/log/hello-dkms-more
      printf 'PACKAGE_NAME="hello-dkms-more"\\nPACKAGE_VERSION="1.0"\\nBUILT_MODULE_NAME[0]="other"\\n' > /usr/src/hello-dkms-more-1.0/dkms.conf
      mkdir -p /usr/src/hello-dkms-2-1.0
      printf 'PACKAGE_NAME="hello-dkms-2"\\nPACKAGE_VERSION="1.0"\\n' > /usr/src/hello-dkms-2-1.0/dkms.conf
      touch /lib/modules/${release}/updates/dkms/other.ko /var/log/hello-dkms-more/a.log`)
    const removed = await cli('uninstall', '--yes')
    assert.equal(removed.status, 0, removed.stderr)
    const left = await root.changed(state)
    assert.ok(
      !left.some((entry) => entry.startsWith('- ') && !/hello|\/updates(\/dkms)? d/.test(entry)),
      left.join('\n'),
    )
    await root.sh(`ls /usr/src/hello-dkms-more-1.0 /usr/src/hello-dkms-2-1.0 \\
      /lib/modules/${release}/updates/dkms/other.ko /var/log/hello-dkms-more/a.log`)
  })

  test("a kernel's own module of this name stays where it is, whatever comes and goes", async () => {
    const own = `/lib/modules/${release}/kernel/drivers/hello/hello_else.ko.xz`
    const taken = () => root.sh(`modinfo -k ${release} -n hello_else`)
    const sum = () => root.sh(`sha256sum ${own}`)
    await root.sh(`
      ${line('build', '--kernel', release, '--out', '/root/own')} >/dev/null
      mkdir -p $(dirname ${own}) && xz -0 /root/own/${release}/hello_else.ko
      cp /root/own/${release}/hello_else.ko.xz ${own} && depmod ${release}`)
    const before = await sum()
    assert.equal(await taken(), `${own}\n`)
    for (const version of ['0.5.1', '0.5.2', '0.5.2']) {
      await setVersion(version)
      await root.sh('echo "/* another */" >> /root/hello/hello_else.c')
      const { status, stderr } = await cli('install', '--yes', '--kernel', release)
      assert.equal(status, 0, stderr)
      assert.match(await taken(), /\/updates\/dkms\//)
      assert.equal(await sum(), before)
    }
    assert.equal((await cli('uninstall', '--yes')).status, 0)
    assert.equal(await taken(), `${own}\n`)
    assert.equal(await sum(), before)

    // Torn off when dkms had put it away.
    const state = await root.state()
    await root.sh(`cat > /usr/local/sbin/dkms <<'END'
#!/bin/sh
[ "$1" = install ] || exec /usr/sbin/dkms "$@"
mkdir -p /var/lib/dkms/hello-dkms/original_module && mv ${own} /var/lib/dkms/hello-dkms/original_module
exit 1
END
      chmod +x /usr/local/sbin/dkms`)
    assert.notEqual((await cli('install', '--yes', '--kernel', release)).status, 0)
    await root.sh('rm /usr/local/sbin/dkms')
    assert.deepEqual(await root.changed(state), [])
    assert.equal(await sum(), before)
    await root.sh(`rm -r $(dirname ${own}) && depmod ${release}`)
    await setVersion('0.5.0')
  })

  test('a version that begins with a letter goes from one kernel, and from all', async () => {
    const git = ['--manifest', '/root/hello/git.json']
    await root.sh(`cp /root/hello/hello_else.c /root/saved
      sed 's/"0\\.[0-9.]*"/"git20"/' /root/hello/manifest.json > /root/hello/git.json
      sed -i 's/"0\\.[0-9.]*"/"git20"/' /root/hello/hello_else.c`)
    assert.equal((await root.cli('install', '--yes', '--all-kernels', ...git)).status, 0)
    assert.equal((await root.cli('uninstall', '--yes', '--kernel', release, ...git)).status, 0)
    assert.doesNotMatch(await root.sh('dkms status hello-dkms'), new RegExp(`${release}, `))
    assert.equal((await root.cli('uninstall', '--yes', ...git)).status, 0)
    assert.equal(
      await root.sh(
        'ls /usr/src /var/lib/dkms | grep -x -e hello-dkms -e hello-dkms-git20 || true',
      ),
      '',
    )
    await root.sh('mv /root/saved /root/hello/hello_else.c; rm /root/hello/git.json')
  })

  test('another DKMS package that has these modules is named, replaced if that is agreed to, and comes back', async () => {
    const built = `/lib/modules/${release}/updates/dkms/hello_else.ko.xz`
    await root.sh(`
      mkdir /usr/src/rival-2.0 && cp /root/hello/Kbuild /root/hello/hello_else.c /usr/src/rival-2.0
      cat > /usr/src/rival-2.0/dkms.conf <<'END'
PACKAGE_NAME=rival
PACKAGE_VERSION=2.0
AUTOINSTALL=yes
MAKE[0]="make -C $kernel_source_dir M=$dkms_tree/rival/2.0/build"
CLEAN=true
BUILT_MODULE_NAME[0]=hello_else
DEST_MODULE_LOCATION[0]=/updates/dkms
END
      dkms install rival/2.0 -k ${release}`)
    const before = await root.state()
    const refused = await cli('install', '--kernel', release)
    assert.equal(refused.status, exitStatus.install, refused.stderr)
    assert.match(refused.stderr, /Replacing rival 2\.0: dkms has modules of these names by it/)
    await root.sh('echo "this is no C;" >> /root/hello/hello_else.c')
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, exitStatus.build)
    assert.deepEqual(await root.changed(before), [])
    assert.match(await root.sh('dkms status rival'), /installed/)

    await root.sh("sed -i '$d' /root/hello/hello_else.c")
    const { status, stderr } = await cli('install', '--yes', '--kernel', release)
    assert.equal(status, 0, stderr)
    assert.deepEqual(await modulesOf(release), [built])
    assert.equal(await root.sh('dkms status rival'), '')
    assert.equal((await cli('uninstall', '--yes')).status, 0)
    assert.deepEqual(await modulesOf(release), [])
    await root.sh('rm -r /usr/src/rival-2.0')
  })

  test("links of RHEL's weak-modules are no modules of a kernel's own, and go with what they lead to", async () => {
    const linked = `/lib/modules/${twin}/weak-updates`
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, 0)
    await root.sh(
      `mkdir ${linked} && ln -s $(find /lib/modules/${release}/ -name 'hello_else.ko*') ${linked}`,
    )
    const [, , ...own] = (await cli('status')).stdout.split('\n')
    assert.match(
      own.join('\n'),
      new RegExp(`vermagic linked from ${release.replaceAll('+', '\\+')}`),
    )
    assert.match((await cli('install', '--yes', '--kernel', release)).stdout, /installed already/)
    // It gets its own instead.
    assert.equal((await cli('install', '--yes', '--kernel', twin)).status, 0)
    assert.equal((await modulesOf(twin)).length, 1)
    assert.equal((await cli('uninstall', '--yes', '--kernel', twin)).status, 0)

    await root.sh(
      `mkdir -p ${linked} && ln -s $(find /lib/modules/${release}/ -name 'hello_else.ko*') ${linked}`,
    )
    assert.equal((await cli('uninstall', '--yes', '--kernel', release)).status, 0)
    assert.deepEqual([...(await modulesOf(release)), ...(await modulesOf(twin))], [])
    assert.equal(await root.sh('ls /usr/src | grep hello-dkms-0 || true'), '')
  })

  test('a removal that is interrupted puts all back, also a source that dkms does not know', async () => {
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, 0)
    await root.sh(
      'mkdir -p /usr/src/hello-dkms-0.1 && echo precious > /usr/src/hello-dkms-0.1/file',
    )
    const before = await root.state()
    const { status, screen } = await atTerminal(
      root,
      [...command, 'uninstall', '--yes', '--verbose', ...manifest],
      [
        // Ctrl-\ is answered as Ctrl-C is, until there is nobody to answer.
        { after: /every-kernel remove/, keys: '\x1c', again: true },
        { after: /Interrupted, and undone/, keys: '' },
      ],
    )
    assert.equal(status, exitStatus.interrupted, screen)
    assert.deepEqual(await root.changed(before), [])
    const removed = await cli('uninstall', '--yes')
    assert.equal(removed.status, 0, removed.stderr)
    assert.equal(await root.sh('ls /usr/src | grep hello-dkms-0 || true'), '')
  })

  test('a removal asks, says what stays, and offers to remove it, too', async () => {
    await root.sh(`apt-get update -q && apt-get install -y -q --no-install-recommends hello
      mkdir -p /var/lib/hello-dkms && echo hello > /var/lib/hello-dkms/packages`)
    const words = [...command, 'uninstall', ...manifest]
    const asked =
      /This removes hello-dkms 0\.5\.0:[\s\S]*modules of kernel[\s\S]*\/usr\/src\/hello-dkms-0[\s\S]*Go on\? \[Y\/n\]/
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, 0)
    const before = await root.state()
    const no = await atTerminal(root, words, [{ after: asked, keys: 'n\n' }])
    assert.equal(no.status, exitStatus.install, no.screen)
    assert.deepEqual(await root.changed(before), [])

    const plan = await root.sh(line('uninstall', '--dry-run'))
    assert.match(plan, /^rm -f \/var\/lib\/hello-dkms\/packages$/m)
    const { status, screen } = await atTerminal(root, words, [
      { after: asked, keys: '\n' },
      { after: /that install brought: hello\n?[\s\S]*too\? \[y\/N\]/, keys: 'y\n' },
    ])
    assert.equal(status, 0, screen)
    assert.match((await root.run(['dpkg-query', '-W', 'hello'])).stderr, /no packages found/)
    assert.equal(await root.sh('ls /var/lib | grep hello || true'), '')
  })

  test('in folders of any name it builds', async () => {
    for (const name of ['two words', "it's", 'a:b', '50%', 'no #1', '$HOME']) {
      const folder = `/root/${name}`
      const built = await cli('build', '--kernel', release, '--out', folder)
      assert.equal(built.status, 0, `${name}: ${built.stderr}`)
      assert.match(built.stdout, /hello_else\.ko/)
    }
    const odd = join(root.folder, 'root/odd tmp: #1')
    cpSync(join(home, 'test/fixtures/hello'), odd, { recursive: true })
    const { status, stderr } = await root.run([
      ...['env', 'TMPDIR=/root/odd tmp: #1', ...command, 'build', '--kernel', release],
      ...['--manifest', '/root/odd tmp: #1/manifest.json', '--out', '/root/out'],
    ])
    assert.equal(status, 0, stderr)
  })

  test('a second build builds what has changed since', async () => {
    const build = async (...words: string[]) => {
      const { status, stderr } = await cli(
        'build',
        '--kernel',
        release,
        '--out',
        '/root/twice',
        ...words,
      )
      assert.equal(status, 0, stderr)
      return root.sh(`stat -c %y /root/twice/${release}/hello_else.ko`)
    }
    const first = await build()
    assert.equal(await build(), first)
    await root.sh('echo "/* another */" >> /root/hello/hello_else.c')
    const second = await build()
    assert.notEqual(second, first)
    const third = await build('--make-arg', 'W=1')
    assert.notEqual(third, second)
    await root.sh(`touch $(readlink -f /lib/modules/${release}/build)/Module.symvers`)
    const fourth = await build('--make-arg', 'W=1')
    assert.notEqual(fourth, third)
    await root.sh(`: > /root/twice/${release}/hello_else.ko`)
    assert.notEqual(await build('--make-arg', 'W=1'), fourth)
    assert.match(await root.sh(`modinfo /root/twice/${release}/hello_else.ko`), /^vermagic/m)
  })

  test('what a dry run of build prints can be pasted', async () => {
    await root.sh(`${line('build', '--dry-run', '--kernel', release, '--out', '/root/pasted')} > /root/plan
      cd / && sh -e /root/plan`)
    assert.match(await root.sh(`ls /root/pasted/${release}`), /hello_else\.ko/)
    assert.equal((await root.sh('ls /tmp')).trim(), '')
    const made = await root.sh(`
      sed 's/"hello_else",/&"as": "hello_other",/' /root/hello/manifest.json > /root/hello/as.json
      ${command.join(' ')} build --dry-run --kernel ${release} --out /root/as \\
        --manifest /root/hello/as.json > /root/plan
      cd / && sh -e /root/plan >&2; rm /root/hello/as.json
      ls /root/as/${release}`)
    assert.equal(made, 'hello_other.ko\n')
  })

  test('what a dry run of keys new and of sign prints can be pasted', async () => {
    const paste = async (...words: string[]) => {
      await root.sh(`${line(...words, '--dry-run')} > /root/plan; cd / && sh -e /root/plan`)
      assert.equal((await root.sh('ls /tmp')).trim(), '')
    }
    await paste('keys', 'new')
    const keys = JSON.parse((await cli('keys', 'show', '--json')).stdout).keys[0]
    assert.deepEqual([keys.state, keys.of], ['complete', "dkms's framework.conf"])
    assert.equal((await cli('install', '--yes', '--kernel', release)).status, 0)
    const [file = ''] = await modulesOf(release)
    assert.equal(await root.sh(`modinfo -F signer ${file}`), '')
    for (const _ of ['first', 'again']) {
      await paste('sign', '--kernel', release)
      assert.match(await root.sh(`modinfo -F signer ${file}`), /signing key/)
      assert.equal(await root.sh(`xz -dc ${file} | grep -ac 'Module signature appended'`), '1\n')
    }

    const build = `build --kernel ${release} --out /root/signed --manifest /root/hello/auto.json`
    const signer = await root.sh(`
      sed 's/"never"/"auto"/' /root/hello/manifest.json > /root/hello/auto.json
      ${command.join(' ')} ${build} --dry-run > /root/plan; cd / && sh -e /root/plan >&2
      rm /root/hello/auto.json
      modinfo -F signer /root/signed/${release}/hello_else.ko`)
    assert.match(signer, /signing key/)

    // Interrupted, it is as it was.
    await root.sh(`cd $(readlink -f /lib/modules/${release}/build/scripts)
      mv sign-file /root/sign-file; printf '#!/bin/sh\\nsleep 1000\\n' > sign-file; chmod +x sign-file`)
    const before = await root.sh(`sha256sum ${file}`)
    const { status, screen } = await atTerminal(
      root,
      [...command, 'sign', '--kernel', release, ...manifest],
      [{ after: /Sign hello_else/, keys: '\x03', again: true }],
    )
    assert.equal(status, exitStatus.interrupted, screen)
    assert.match(screen, /Interrupted, and undone/)
    assert.equal(await root.sh(`sha256sum ${file}`), before)
    assert.equal(await root.sh('ls /tmp'), '')
    await root.sh(
      `mv /root/sign-file $(readlink -f /lib/modules/${release}/build/scripts)/sign-file`,
    )
    assert.equal((await cli('uninstall', '--yes')).status, 0)
    await root.sh('rm -r /var/lib/vmmci-dkms /etc/dkms/framework.conf.d/vmmci-dkms.conf')
  })

  test('what is read-only is said before anything is built', async () => {
    for (const folder of ['/usr/src', '/lib/modules', '/tmp', '/var/lib/dkms']) {
      await root.sh(`mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`)
      const { status, stderr } = await cli('install', '--yes', '--kernel', release)
      await root.sh(`umount -l ${folder}`)
      assert.equal(status, exitStatus.platform, stderr)
      assert.match(stderr, new RegExp(`${folder} is read-only here`))
    }
  })
})
