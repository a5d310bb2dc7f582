import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Root } from './roots.ts'

/** What a machine with Secure Boot is made of besides its kernel and its initramfs. */
export interface SecureBoot {
  /** The certificate, PEM, that its owner has enrolled (MOK). */
  enrolled: Buffer
}

const owner = '605dab50-e046-4300-abb6-3dd810dd8b23'

const firmware = { code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', vars: 'vars.fd' }

const loaders = {
  'BOOT/BOOTX64.EFI': '/usr/lib/shim/shimx64.efi.signed',
  'BOOT/grubx64.efi': '/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed',
}

/**
 * Puts OVMF with the key enrolled, and an EFI system partition with shim, Debian's signed GRUB and kernel,
 * into a machine's folder, where its initrd is. shim's way, since QEMU's -kernel would not be verified.
 */
export async function addSecureBoot(
  folder: string,
  { enrolled }: SecureBoot,
  vmlinuz: string,
  words: string,
): Promise<void> {
  await using root = await Root.of('secure-boot')
  writeFileSync(join(root.folder, 'cert.pem'), enrolled)
  await root.sh(
    `virt-fw-vars -i /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o /vars.fd --add-mok ${owner} /cert.pem`,
  )
  const esp = join(folder, 'esp')
  for (const part of ['EFI/BOOT', 'EFI/debian']) mkdirSync(join(esp, part), { recursive: true })
  for (const [name, file] of Object.entries(loaders))
    copyFileSync(join(root.folder, file), join(esp, 'EFI', name))
  writeFileSync(join(esp, 'EFI/debian/grub.cfg'), `linux /vmlinuz ${words}\ninitrd /initrd\nboot\n`)
  copyFileSync(vmlinuz, join(esp, 'vmlinuz'))
  copyFileSync(join(folder, 'initrd'), join(esp, 'initrd'))
  copyFileSync(join(root.folder, firmware.code), join(folder, 'code.fd'))
  copyFileSync(join(root.folder, 'vars.fd'), join(folder, firmware.vars))
}

/** The words for QEMU in the place of -kernel, -initrd and -append. */
export const secureBootWords = [
  ...['-machine', 'q35,smm=on'],
  ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
  ...['-drive', 'if=pflash,unit=0,format=raw,readonly=on,file=code.fd'],
  ...['-drive', `if=pflash,unit=1,format=raw,file=${firmware.vars}`],
  ...['-drive', 'if=none,id=esp,format=raw,file=fat:rw:esp', '-device', 'ide-hd,drive=esp'],
]
