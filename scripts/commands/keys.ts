import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { Documents } from '../cli/documents.ts'
import { writeFiles } from '../install/files.ts'
import { exec, isRoot, show as showCommand, which } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import { runSteps, type Step, showPlan } from '../run/steps.ts'
import { transaction } from '../run/transaction.ts'
import { configuredPlace, type KeyPlace, keyPlaces } from '../signing/keys.ts'
import { dkmsDropIn, newCert, newKey, newKeyCommands } from '../signing/new-key.ts'
import { standing } from '../signing/next.ts'
import { hasEfi } from '../system/efi.ts'
import { type CommonOptions, open, runAlone } from './options.ts'

export interface KeysOptions extends CommonOptions {
  key?: string
  cert?: string
  passphrase?: boolean
}

type Standing = Documents['keys enroll']['standing']

function describe(place: KeyPlace): Documents['keys show']['keys'][number] {
  let certificate: X509Certificate | undefined
  try {
    certificate = new X509Certificate(readFileSync(place.cert))
  } catch {
    // Missing, or for root alone: what is known of it is where it is.
  }
  return {
    ...place,
    subject: certificate?.subject ?? null,
    validUntil: certificate ? new Date(certificate.validTo).toISOString().slice(0, 10) : null,
    standing: certificate ? standing(certificate.raw) : null,
  }
}

/** Each known key: where it is, how long it is good, and what the firmware knows of it. */
export async function showKeys(options: KeysOptions): Promise<void> {
  const { output } = open(options)
  const keys = keyPlaces(options).map(describe)
  const document: Documents['keys show'] = { uefi: hasEfi(), keys }
  output.result(document, () => [
    ...keys.flatMap((key, i) => [
      `${key.of}: ${key.state}${i === 0 && key.state === 'complete' ? ', used for signing' : ''}`,
      `  key          ${key.key}`,
      `  certificate  ${key.cert}`,
      ...(key.subject ? [`  subject      ${key.subject.replaceAll('\n', ', ')}`] : []),
      ...(key.validUntil ? [`  valid until  ${key.validUntil}`] : []),
      ...(key.standing ? [`  firmware     ${key.standing}`] : []),
    ]),
    ...(keys.length === 0
      ? [isRoot() ? 'There are no keys.' : 'There are no keys that you may see; root may see more.']
      : []),
    ...(hasEfi() ? [] : ['This machine has no UEFI, as under vmd: no key has to be enrolled.']),
  ])
}

/** Throws where a new key cannot be made without harm. */
function requireNoKey(passphrase: boolean): void {
  if (passphrase && !process.env.KBUILD_SIGN_PIN)
    throw new Failure('usage', 'The passphrase is read from KBUILD_SIGN_PIN, which is not set.', {
      mend: 'read -r KBUILD_SIGN_PIN; export KBUILD_SIGN_PIN',
    })
  for (const half of [newKey, newCert])
    if (existsSync(half))
      throw new Failure('sign', `${half} is there already, and is left alone.`, {
        mend: 'vmmci-dkms keys show',
      })
}

/** Makes a key and its certificate, never over one that is there, and tells dkms of it. */
export async function makeKey(options: KeysOptions): Promise<void> {
  await runAlone(options, async (_, { dryRun, passphrase = false }, output) => {
    // Where dkms was told of a key already, that one stays; and it can type no passphrase.
    const told = keyPlaces().some(({ of }) => of === configuredPlace)
    const tell = existsSync('/etc/dkms') && !told && !passphrase ? writeFiles([dkmsDropIn]) : []
    const commands = [...newKeyCommands(passphrase), ...tell]
    const steps: Step[] = [{ title: 'Make a key for module signing', kind: 'sign', commands }]
    if (dryRun) return showPlan(steps, output)
    requireNoKey(passphrase)
    const paths = [newKey, newCert, ...(tell.length > 0 ? [dkmsDropIn.path] : [])]
    await transaction(
      () => ({ paths, releases: [] }),
      output,
      () => runSteps(steps, output),
    )
    const document: Documents['keys new'] = { key: newKey, cert: newCert }
    output.result(document, () => [newKey, newCert])
  })
}

const screens = [
  'At the next boot, before Linux, a blue screen asks "Perform MOK management":',
  '  1. press a key within ten seconds;',
  '  2. choose "Enroll MOK", "Continue", "Yes";',
  '  3. type the password that you just chose;',
  '  4. choose "Reboot".',
  'On a serial console it is the same in text. If it is missed, run this again.',
]

/** Asks the firmware, through mokutil, to have the key enrolled at the next boot. */
export async function enrollKey(options: KeysOptions): Promise<void> {
  const { output } = open(options)
  const place = keyPlaces(options).find(({ state }) => state === 'complete')
  if (!place)
    throw new Failure('sign', 'There is no key to enrol.', { mend: 'vmmci-dkms keys new' })
  const { standing: now } = describe(place)
  const nothing: Partial<Record<Standing, string>> = {
    'no UEFI': 'This machine has no UEFI, as under vmd: no key has to be enrolled.',
    enrolled: `${place.cert} is enrolled already.`,
    pending: `${place.cert} will be asked about at the next boot.`,
  }
  const tell = (standing: Standing, lines: string[]) => {
    const document: Documents['keys enroll'] = { cert: place.cert, standing }
    output.result(document, () => lines)
  }
  const line = now && nothing[now]
  if (line) return tell(now, [line])
  const command = { argv: ['mokutil', '--import', place.cert], root: true }
  if (options.dryRun) return output.commands([showCommand(command)])
  if (!which('mokutil'))
    throw new Failure('toolchain', 'There is no mokutil.', { mend: 'apt-get install mokutil' })
  output.say('mokutil asks for a password now, to be typed once more at the next boot.')
  const { status } = await exec(command, { terminal: true })
  if (status !== 0)
    throw new Failure('sign', `mokutil failed with status ${status}.`, {
      mend: showCommand(command),
    })
  tell('pending', screens)
}
