import { Failure } from '../run/failure.ts'
import type { Output } from '../run/output.ts'
import type { InstallInput } from './plan.ts'

/** What is in the way is named, and taken over only if that was agreed to. */
export async function agreeToTakeOver(
  { strays, otherVersions, rivals }: InstallInput,
  yes: boolean,
  output: Output,
): Promise<void> {
  const inTheWay = [
    ...(strays.length > 0 ? ['Taking over modules that were installed by hand:'] : []),
    ...strays.map((file) => `  ${file}`),
    ...otherVersions.map((version) => `Replacing version ${version}.`),
    ...rivals.map(
      (rival) => `Replacing ${rival.name} ${rival.version}: dkms has modules of these names by it.`,
    ),
  ]
  if (inTheWay.length === 0) return
  if (yes) for (const line of inTheWay) output.say(line)
  else if (!(await output.confirm('Go on?', inTheWay)))
    throw new Failure('install', 'Another installation is in the way, and was left as it is.', {
      details: inTheWay,
      mend: 'vmmci-dkms install --yes',
    })
}
