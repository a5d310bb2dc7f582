import { Type } from 'typebox'
import { oneOf, strict, text } from './words.ts'

const label = text('What people read.')
const reason = text('What it means.')

/** How a number is shown to people: as ms, or as a date. */
export const unit = oneOf(['ns', 'time'], 'ns: nanoseconds; time: seconds since 1970.')

/** A path that begins so and never leads up again. */
const staying = (beginning: string) => `^${beginning}(?!(.*/)?\\.\\.(/|$))[^\\x00-\\x1f]+$`

const attribute = (description: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_][A-Za-z0-9_*-]*(/[A-Za-z0-9_][A-Za-z0-9_*-]*)*$',
    description: `${description} Below the device's folder; * stands for any part of one name.`,
  })

export const clock = strict(
  {
    device: Type.String({
      pattern: staying('/sys/'),
      description: 'Its folder in sysfs; * stands for any part of one name.',
    }),
    ptp: Type.Optional(attribute("The PTP clock's folder, named as its device.")),
    drift: attribute("That clock minus the system's, ns."),
    uncertainty: attribute('How near to the drift the truth lies, ns.'),
    hostTime: attribute('That clock when it was measured, s since 1970 with a fraction.'),
    error: Type.Optional(attribute("The newest measurement's errno, 0 for none.")),
    disciplined: Type.Optional(
      attribute("1 while a time daemon is seen to steer the system's clock."),
    ),
    counts: Type.Optional(
      Type.Array(strict({ label, path: attribute('The number.') }), {
        description: 'Numbers that watch shows.',
      }),
    ),
    measure: Type.Optional(
      Type.String({
        pattern: staying('/sys/module/'),
        description: 'A parameter that measures at once when its own value is written to it.',
      }),
    ),
  },
  "A clock that a driver measures the system's against, for status and watch.",
)

export const status = Type.Array(
  strict({
    label,
    path: Type.String({
      pattern: staying('/sys/'),
      description: 'sysfs file; * stands for any part of one name.',
    }),
    unit: Type.Optional(unit),
  }),
  { description: 'What status shows beside the modules.' },
)

export const logLine = strict({ pattern: text('Regular expression.'), reason })

export const expectedValue = strict({
  label,
  path: Type.String({
    pattern: staying('/(sys|proc/sys)/'),
    description: 'File; * stands for any part of one name.',
  }),
  pattern: Type.Optional(text('Regular expression on the contents.')),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  unit: Type.Optional(unit),
  reason,
})

/** Something that a person does and the kernel's log tells of. */
export const act = strict({
  label,
  ask: text('What the person is to do.'),
  pattern: text('The kernel log line that tells of it.'),
  ends: Type.Optional(Type.Boolean({ description: 'This machine goes down by it.' })),
})

export const smoke = strict(
  {
    expect: Type.Optional(Type.Array(logLine, { description: 'Each must be there.' })),
    forbid: Type.Optional(Type.Array(logLine, { description: 'None may be there.' })),
    values: Type.Optional(
      Type.Array(expectedValue, {
        description: 'Files of the running kernel and what they must hold.',
      }),
    ),
    interactive: Type.Optional(
      Type.Array(act, { description: 'What a person does, for --interactive, in order.' }),
    ),
  },
  'Kernel log lines of a run that went well.',
)
