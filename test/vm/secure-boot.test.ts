import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inGuest, withoutOurs } from '../support/guest.ts'
import { builtModules, project } from '../support/kernels.ts'
import { Root } from '../support/roots.ts'

const names = project.modules.map(({ name }) => `${name}.ko`)

/** Our key's certificate, and the modules signed by it, and by another's. */
async function signed(): Promise<{ cert: Buffer; files: Record<string, Buffer> }> {
  await using root = await Root.of('package')
  await root.showFolder(await builtModules('6.12'), '/built')
  await root.sh(`
    cd /root
    for who in ours others; do
      openssl req -x509 -nodes -newkey rsa:2048 -days 99 -subj "/CN=$who" -keyout $who.key -out $who.pem \\
        -addext extendedKeyUsage=codeSigning 2>/dev/null
      mkdir $who
      for module in ${names.join(' ')}; do
        /lib/modules/*/build/scripts/sign-file sha256 $who.key $who.pem /built/$module $who/$module
      done
    done
    mkdir -p ours/keys; openssl x509 -in ours.pem -outform DER -out ours.der
    openssl x509 -in others.pem -outform DER -out others.der`)
  const read = (file: string) => readFileSync(join(root.folder, 'root', file))
  const files = Object.fromEntries(
    ['ours', 'others'].flatMap((who) => [
      ...names.map((name) => [`signed/${who}/${name}`, read(`${who}/${name}`)]),
      [`signed/${who}.der`, read(`${who}.der`)],
    ]),
  ) as Record<string, Buffer>
  return { cert: read('ours.pem'), files }
}

test('Secure Boot with our key enrolled: signed modules work, others are refused, and it is told', async () => {
  const { cert, files } = await signed()
  await inGuest(
    'secure-boot',
    {
      series: '6.12',
      disk: 'node',
      acpi: true,
      append: withoutOurs,
      secureBoot: { enrolled: cert },
      files,
    },
    async (guest) => {
      assert.match(await guest.sh('dmesg | grep -i secureboot'), /Secure boot enabled/i)
      await guest.sh(
        'mount -t efivarfs efivarfs /sys/firmware/efi/efivars; mount -t securityfs securityfs /sys/kernel/security; modprobe -a virtio_ring virtio',
      )
      assert.match(await guest.sh('cat /sys/kernel/security/lockdown'), /\[integrity\]/)

      // Unsigned, as they are installed; then signed by a key that nobody enrolled.
      for (const load of ['modprobe virtio_pci_obsd', 'insmod /signed/others/virtio_pci_obsd.ko']) {
        const { status, output } = await guest.run(load)
        assert.notEqual(status, 0, load)
        assert.match(output, /Key was rejected|Required key not available|Operation not permitted/)
      }
      const next = async () =>
        /signing[\s\S]*?try: \S+ (\S+ ?\w*)/.exec((await guest.cli('check')).output)?.[1]
      assert.match((await guest.cli('check')).output, /Secure Boot on, lockdown integrity/)
      assert.equal(await next(), 'keys new')
      const useKey = (who: string) =>
        guest.sh(`mkdir -p /mnt/var/lib/dkms; touch /mnt/var/lib/dkms/mok.key
          cp /signed/${who}.der /mnt/var/lib/dkms/mok.pub`)
      await useKey('others')
      assert.equal(await next(), 'keys enroll')
      await useKey('ours')
      assert.equal((await next())?.trim(), 'sign')
      await guest.sh(`mount -t tmpfs t /mnt/tmp; cp /signed/*.der /mnt/tmp`)
      const keys = async (who: string) =>
        (await guest.cli(`keys show --cert /tmp/${who}.der --key pkcs11:x`)).output
      assert.match(await keys('ours'), /firmware +enrolled/)
      assert.match(await keys('others'), /firmware +unknown to the firmware/)

      const enroll = async (words = '') =>
        (await guest.cli(`keys enroll --cert /tmp/others.der --key pkcs11:x ${words}`)).output
      assert.match(await enroll('--dry-run'), /^mokutil --import \/tmp\/others\.der/)
      assert.match(await enroll(), /mokutil failed with status/)
      await guest.sh('yes secret-words | head -n 2 > /tmp/typed')
      const told = await enroll('< /tmp/typed')
      assert.match(told, /mokutil asks for a password now/)
      assert.match(told, /input password: *\n?.*input password again/s)
      assert.match(
        told,
        /At the next boot, before Linux, a blue screen asks "Perform MOK management"/,
      )
      assert.match(await keys('others'), /firmware +pending/)
      assert.match(await enroll(), /will be asked about at the next boot/)

      for (const [who, told] of [
        ['others', 'NOT ENROLLED'],
        ['ours', 'enrolled'],
      ] as const) {
        await guest.sh(`cp /signed/${who}/*.ko /lib/modules/$(uname -r)/updates/dkms/`)
        const { output } = await guest.cli('status')
        assert.equal(output.split(`signed by ${who}, ${told}`).length - 1, names.length, output)
      }

      assert.match(
        (await guest.cli('check')).output,
        /only\s+signed\s+modules:\s+they\s+are,\s+by\s+an\s+enrolled\s+key/,
      )

      const mark = guest.device.mark()
      await guest.sh(names.map((name) => `insmod /signed/ours/${name}`).join('\n'))
      await guest.device.until(mark, 'driver-ok')
      await guest.device.control('sync')
      await guest.device.until(mark, 'ack')
      const status = (await guest.cli('status')).output
      assert.match(status, /signing +Secure Boot on, lockdown integrity, only signed modules/)
      assert.match(status, /driver +virtio\/virtio_vmmci: virtio\d/)
    },
  )
})
