import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { showSetting, unknownSettings } from '../../scripts/system/framework.ts'

/** framework.conf, a file of framework.conf.d, and what is moved, by file and line; - for nothing. */
const table: [string, string, string][] = [
  ['# dkms_tree="/x"\nmodprobe_on_install="yes"\n', '', '-'],
  ['dkms_tree="/var/lib/dkms"\nsource_tree=/usr/src/\ninstall_tree="/usr/lib/modules"', '', '-'],
  ['\ndkms_tree="/x"\n', '', 'framework.conf:2 dkms_tree /x'],
  ["source_tree='/x' # why\n", '', 'framework.conf:1 source_tree /x'],
  ['install_tree=/x\n', 'install_tree=/lib/modules\n', '-'],
  ['dkms_tree=/x\n', 'dkms_tree=/y\n', 'z.conf:1 dkms_tree /y'],
  ['', 'mok_signing_key=/x\nexport install_tree=/z\n', 'z.conf:2 install_tree /z'],
  ['source_tree=/usr/src; dkms_tree=/x\n', '', 'framework.conf:1 dkms_tree /x'],
  ['source_tree=/usr/src # dkms_tree=/x\n', '', '-'],
  ['[ -d /x ] && { dkms_tree=/x; }\n', '', 'framework.conf:1 dkms_tree /x'],
  ['symlink_modules="yes"\n', '', 'framework.conf:1 symlink_modules yes'],
  ['symlink_modules=yes\n', 'symlink_modules=""\n', '-'],
]

for (const [main, more, moved] of table)
  test(`dkms's folders by ${JSON.stringify(main + more)}`, (t) => {
    const root = mkdtempSync(join(tmpdir(), 'vmmci-dkms-test-'))
    t.after(() => rmSync(root, { recursive: true }))
    mkdirSync(join(root, 'etc/dkms/framework.conf.d'), { recursive: true })
    writeFileSync(join(root, 'etc/dkms/framework.conf'), main)
    writeFileSync(join(root, 'etc/dkms/framework.conf.d/z.conf'), more)
    const [found] = unknownSettings(root)
    const told = found && `${basename(found.file)}:${found.line} ${found.variable} ${found.value}`
    assert.equal(told ?? '-', moved)
    if (found) assert.match(showSetting(found).mend, new RegExp(`\\+${found.line} ${found.file}$`))
  })
