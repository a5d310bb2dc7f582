import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { programBuild, programScript, programsFailed } from '../../scripts/build/program-script.ts'
import { explainPrograms, missingPrograms } from '../../scripts/build/programs.ts'
import { isProgram, sourceTree, writeSourceTree } from '../../scripts/build/source-tree.ts'
import { ownFiles } from '../../scripts/install/input.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'
import type { Project } from '../../scripts/manifest/manifest.ts'
import { debianChangelog } from '../../scripts/package/changelog.ts'
import { type PackageInput, rendered } from '../../scripts/package/kind.ts'
import { kindNames, kinds, toolsFor } from '../../scripts/package/plan.ts'
import { readReleases } from '../../scripts/package/releases.ts'
import { packageValues } from '../../scripts/package/values.ts'
import { ask, exec, type Result } from '../../scripts/run/exec.ts'
import type { Failure } from '../../scripts/run/failure.ts'
import { caller } from '../../scripts/run/raise.ts'
import { theirManifest } from '../support/somebody.ts'
import { Tree } from '../support/tree.ts'

const files = { '/usr/bin/their-ctl': 'utils/their-ctl' }

/** Somebody's module with a program, which a script of theirs makes. */
const load = (change: object = {}, made = 'utils/their-ctl'): Project =>
  loadManifest(
    theirManifest(
      {
        programs: { make: [{ program: 'gen.sh', words: ['{version}', 'a b'] }], files },
        ...change,
      },
      { 'gen.sh': `#!/bin/sh\necho "$@" > ${made}\n`, 'utils/their-ctl.c': '' },
    ),
  )

/** What is said of a manifest, without the file's name and the place in it. */
function said(change: object): string[] {
  try {
    load(change)
  } catch (error) {
    const { details = [] } = (error as Failure).more
    return details.map((line) => line.replace(/^.*?:\d+:\d+: /, ''))
  }
  return []
}

const step = (make: object) => ({ programs: { make: [make], files } })
const into = (to: string, from = 'x') => ({ programs: { make: [{}], files: { [to]: from } } })

const wrong: [what: string, change: object, says: RegExp][] = [
  ['no make', { programs: { files } }, /^\/programs: must have required property 'make'/],
  ['no files', { programs: { make: [{}], files: {} } }, /^\/programs\/files: .*fewer than 1/],
  [
    'a kernel',
    step({ words: ['{release}'] }),
    /^\/programs\/make\/0\/words\/0: "\{release\}" does/,
  ],
  ['a kernel in the environment', step({ environment: { A: '{release}' } }), /\/environment\/A: /],
  ['for some kernels', step({ kernel: {} }), /^\/programs\/make\/0\/kernel: unknown key/],
  ['its headers', step({ words: ['K={headers}'] }), /^\/programs\/make\/0\/words\/0: /],
  ['own, which it is', step({ own: true }), /^\/programs\/make\/0\/own: unknown key "own"/],
  ['a target that installs', step({ target: 'all install' }), /^\/programs\/make\/0\/target: all/],
  ['no such script', step({ program: 'no.sh' }), /^\/programs\/make\/0\/program: no\.sh is not in/],
  ['a script without #!', step({ program: 'their.c' }), /^\/programs\/make\/0\/program: .* #!$/],
  ...['/sys/x', '/proc/x', '/etc/x', 'usr/bin/x', '/usr/bin', '/usr/bin/../x', '/usr/bin/a b'].map(
    (to): [string, object, RegExp] => [
      to,
      into(to),
      /^\/programs\/files\/.* does not fit the pattern/,
    ],
  ),
  ...['../x', '/x', 'a/../../x'].map((from): [string, object, RegExp] => [
    from,
    into('/usr/bin/x', from),
    /^\/programs\/files\/.*: ".*" does not fit the pattern .*\(Where the build leaves it\)$/,
  ]),
  [
    'a file of two kinds',
    { ...into('/usr/bin/x'), install: { files: { '/usr/bin/x': 'gen.sh' } } },
    /^\/programs\/files\/\/usr\/bin\/x: file \/usr\/bin\/x is named twice$/,
  ],
]

for (const [what, change, says] of wrong)
  test(`refused of programs: ${what}`, () => {
    const [mistake = '', ...more] = said(change)
    assert.match(mistake, says)
    assert.deepEqual(more, [])
  })

test('a program that somebody built beside its source is no source', () => {
  const change = { programs: { make: [{}], files: { '/usr/bin/x': 'utils/their-ctl.c' } } }
  assert.ok(load().sources.includes('utils/their-ctl.c'))
  assert.ok(!load(change).sources.includes('utils/their-ctl.c'))
})

test('what builds the programs is in the source tree, and runs', () => {
  const project = load()
  assert.equal(sourceTree(project).get(programScript)?.toString(), programBuild(project))
  assert.ok(isProgram(project, programScript) && isProgram(project, 'gen.sh'))
})

test('without programs nothing builds any', () => {
  const project = loadManifest(theirManifest())
  assert.equal(programBuild(project), undefined)
  assert.ok(!sourceTree(project).has(programScript))
  assert.ok(!isProgram(project, programScript))
  assert.equal(missingPrograms(project, true, undefined), undefined)
})

test('programs are made by the folder’s own Makefile, after what is patched for all kernels', () => {
  const change = {
    programs: {
      make: [
        { folder: 'utils', words: ['V={version}', 'S={source}/x y', 'A={architecture}'] },
        { target: 'a b', environment: { A: 'it is {version}' } },
      ],
      files: { ...files, '/usr/sbin/other': 'other' },
    },
    patches: [{ file: 'gen.sh' }, { file: 'gen.sh', kernel: '6.12.x' }],
  }
  const text = programBuild(load(change)) ?? ''
  assert.deepEqual(text.split('\n\n').at(-1)?.split('\n'), [
    'patch -p1 -i patches/gen.sh',
    `make -C "$PWD"/utils V="0.8" S="$PWD"'/x y' A="$(uname -m)"`,
    `env 'A=it is '"0.8" make -C "$PWD" a b`,
    'made utils/their-ctl # /usr/bin/their-ctl',
    'made other # /usr/sbin/other',
    '',
  ])
})

/** Builds the programs, as an installation and each of the packages does. */
async function built(project: Project): Promise<{ result: Result; tree: Tree }> {
  const tree = new Tree()
  writeSourceTree(project, tree.root)
  return { result: await exec({ argv: [tree.at(`/${programScript}`)] }), tree }
}

const failure = (project: Project, result: Result) =>
  explainPrograms(project, 'package deb')({ argv: [] }, result)

test('what builds the programs leaves them', async () => {
  const project = load()
  const { result, tree } = await built(project)
  assert.equal(result.status, 0, result.stderr)
  assert.equal((await exec({ argv: ['cat', tree.at('/utils/their-ctl')] })).stdout, '0.8 a b\n')
  assert.equal(failure(project, result), undefined)
})

test('a program that was not made is told of, with the end of the log', async () => {
  const project = load({}, 'utils/else')
  const { result } = await built(project)
  assert.equal(result.status, 1)
  const found = failure(project, { ...result, stdout: `one\n\ntwo\n${result.stdout}` })
  assert.equal(found?.kind, 'build')
  assert.equal(found?.message, 'The build made no utils/their-ctl, which the manifest names.')
  assert.deepEqual(found?.more.details, ['one', 'two'])
  assert.match(found?.more.mend ?? '', /EDITOR.*manifest\.json$/)
})

test('a build that fails is told of, with what failed', async () => {
  const project = load({}, 'no/folder')
  const { result } = await built(project)
  const found = failure(project, result)
  assert.equal(found?.message, programsFailed)
  assert.match(found?.more.details?.join('\n') ?? '', /no\/folder/)
  assert.ok(!found?.more.details?.includes(programsFailed))
  assert.equal(found?.more.mend, 'vmmci-dkms package deb --verbose')
})

test('what fails beside it, or for want of space, is not the programs’ fault', () => {
  const project = load()
  const result = { status: 1, stdout: '', stderr: 'make: *** no rule\n' }
  assert.equal(failure(project, result), undefined)
  const full = { ...result, stdout: `ld: No space left on device\n${programsFailed}\n` }
  assert.equal(failure(project, full), undefined)
})

test('programs are built in a new folder, and put in place for all to run', () => {
  const project = load()
  const found = missingPrograms(project, false, undefined)
  assert.ok(found)
  const { folder, build, files } = found
  assert.match(folder, /^\/tmp\/vmmci-dkms-[0-9a-f-]+$/)
  assert.deepEqual(files, [
    { path: '/usr/bin/their-ctl', from: `${folder}/utils/their-ctl`, executable: true },
  ])
  const { commands = [] } = build
  assert.deepEqual(commands[0], { argv: ['mkdir', '-m', '700', folder] })
  assert.deepEqual(commands.at(-1), { argv: ['sh', `${folder}/${programScript}`] })
  assert.ok(commands.every(({ root }) => !root))
  assert.ok(ownFiles(project).includes('/usr/bin/their-ctl'))
})

test('who called sudo builds them, and root takes back what was built', () => {
  const found = missingPrograms(load(), true, { uid: '1000', gid: '100' })
  const folder = found?.folder ?? ''
  assert.deepEqual(found?.build.commands?.slice(-3), [
    { argv: ['chown', '-R', '1000:100', folder] },
    {
      argv: [
        ...['setpriv', '--reuid=1000', '--regid=100', '--clear-groups'],
        ...['sh', join(folder, programScript)],
      ],
      env: { HOME: folder, TMPDIR: folder },
    },
    { argv: ['chown', '-R', '0:0', folder] },
  ])
})

test('who called sudo or doas is known by numbers; root is nobody else', async () => {
  const sudo = { SUDO_UID: '1000', SUDO_GID: '100' }
  assert.deepEqual(await caller(sudo, true), { uid: '1000', gid: '100' })
  const [uid, gid] = await Promise.all(['-u', '-g'].map((what) => ask(['id', what, 'nobody'])))
  assert.deepEqual(await caller({ DOAS_USER: 'nobody' }, true), { uid, gid })
  for (const env of [{}, { SUDO_UID: '0', SUDO_GID: '0' }, { DOAS_USER: 'root' }])
    assert.equal(await caller(env, true), undefined)
  assert.equal(await caller(sudo, false), undefined)
})

test('programs that are there are built again only for other sources', () => {
  const project = load({ programs: { make: [{}], files: { '/usr/bin/env': 'env' } } })
  assert.equal(missingPrograms(project, false, undefined), undefined)
  assert.ok(missingPrograms(project, true, undefined))
})

test('what builds programs is asked for with a package that builds them', () => {
  const byMake = load({ programs: { make: [{}], files } })
  for (const name of kindNames) {
    const has = (project: Project) => 'cc' in toolsFor(name, project)
    assert.equal(has(byMake), name !== 'alpine')
    // A script of their own wants what nobody knows.
    assert.equal(has(load()), false)
    assert.equal(has(load({ programs: undefined })), false)
    for (const own of Object.keys(kinds[name].tools)) assert.ok(own in toolsFor(name, byMake))
  }
})

const input = (project: Project): PackageInput => ({
  project,
  releases: [{ version: '0.8', date: new Date(0), changes: ['New.'] }],
  work: '/w',
})

const needs = { apt: ['libx-dev'], dnf: ['x-devel'], pacman: ['x'], apk: ['x-dev'] }

/** A template's lines, of a package with programs and of one without. */
const lines = (template: string, change: object = {}) =>
  rendered(input(load({ needs, ...change })), template, { sha256: '', sha512: '' }).split('\n')

const recipes: [template: string, has: string[]][] = [
  [
    'debian/dkms/control.tpl',
    [
      'Build-Depends: debhelper-compat (= 13), libx-dev',
      'Architecture: any',
      `Depends: dkms (>= 2.8), libx-dev, \${misc:Depends}, \${shlibs:Depends}`,
    ],
  ],
  [
    'debian/dkms/rules.tpl',
    [
      '\tcp -R src built',
      '\tbuilt/build-programs',
      '\tinstall -D -m 755 built/utils/their-ctl debian/their/usr/bin/their-ctl',
    ],
  ],
  [
    'rpm/dkms.spec.tpl',
    [
      'BuildRequires:  gcc',
      'BuildRequires:  x-devel',
      'built/build-programs',
      'install -D -m 755 built/utils/their-ctl %{buildroot}/usr/bin/their-ctl',
      '/usr/bin/their-ctl',
    ],
  ],
  [
    'arch/PKGBUILD.tpl',
    [
      '\tbuilt/build-programs',
      '\tinstall -D -m 755 built/utils/their-ctl "$pkgdir"/usr/bin/their-ctl',
    ],
  ],
  [
    'alpine/APKBUILD.tpl',
    [
      'arch="all"',
      'makedepends=x-dev',
      '\tbuilt/build-programs',
      '\tinstall -D -m 755 built/utils/their-ctl "$pkgdir"/usr/bin/their-ctl',
    ],
  ],
]

for (const [template, has] of recipes)
  test(`${template} builds programs where the sources have some, and nowhere else`, () => {
    const found = lines(template)
    for (const line of has) assert.ok(found.includes(line), `${line} in\n${found.join('\n')}`)
    const without = lines(template, { programs: undefined })
    for (const line of has) assert.ok(!without.includes(line), line)
  })

test('no text of a manifest is a macro or a line of its own', () => {
  const text = '%(id) x\n%post\nid'
  const said = { summary: text, description: text, license: text, homepage: text, changes: [text] }
  const about = { name: 'their', maintainer: text, copyright: [text], ...said }
  const spec = lines('rpm/dkms.spec.tpl', { package: about })
  assert.deepEqual(
    spec.filter((line) => /(^|[^%])%\(/.test(line)),
    [],
  )
  for (const template of ['rpm/dkms.spec.tpl', 'debian/dkms/control.tpl', 'arch/PKGBUILD.tpl'])
    assert.deepEqual(
      lines(template, { package: about }).filter((line) => line === 'id'),
      [],
      template,
    )
  const project = load({ package: about })
  const releases = readReleases(project)
  const { copyright } = packageValues(project, releases, [])
  const changelog = debianChangelog(releases, 'their', project.package.maintainer)
  assert.doesNotMatch(`${copyright}${changelog}`, /^(%post|id)$/m)
})

test('rpm compresses manual pages, whoever names them', () => {
  const files = { '/usr/share/man/man8/x.8': 'gen.sh', '/usr/libexec/x': 'gen.sh' }
  const found = lines('rpm/dkms.spec.tpl', { install: { files } })
  assert.ok(found.includes('/usr/share/man/man8/x.8*') && found.includes('/usr/libexec/x'))
})

test('a package with programs is for one architecture, and is called by it', () => {
  const names = (project: Project) =>
    [kinds.deb, kinds.rpm, kinds.arch].map((kind) => kind.results(input(project))[0])
  assert.deepEqual(names(loadManifest(theirManifest())), [
    'their_0.8_all.deb',
    'their-0.8-1.noarch.rpm',
    'their-0.8-1-any.pkg.tar.gz',
  ])
  const machines = { x64: ['amd64', 'x86_64', 'x86_64'], arm64: ['arm64', 'aarch64', 'aarch64'] }
  const [deb, rpm, pacman] = machines[process.arch as keyof typeof machines]
  assert.deepEqual(names(load()), [
    `their_0.8_${deb}.deb`,
    `their-0.8-1.${rpm}.rpm`,
    `their-0.8-1-${pacman}.pkg.tar.gz`,
  ])
  assert.ok(lines('arch/PKGBUILD.tpl').includes(`arch=(${pacman})`))
  assert.ok(lines('rpm/dkms.spec.tpl', { programs: undefined }).includes('BuildArch:      noarch'))
  assert.ok(!lines('rpm/dkms.spec.tpl').some((line) => line.startsWith('BuildArch')))
})
