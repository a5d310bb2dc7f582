/** What a machine is called and who uses it: words that leave in no report. */
export interface Names {
  host: string
  users: readonly string[]
}

const word = (text: string) =>
  new RegExp(`\\b${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\b`, 'g')

/** Words of a machine's own that are no secret, and that a report would be unreadable without. */
const harmless = new Set(['root', 'localhost', 'debian', 'linux', 'kernel', 'none'])

const hidden: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g, 'KEY'],
  [/(\/home\/)[^/\s:'"]+/g, '$1USER'],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, 'UUID'],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, 'MAC'],
  [/\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:)+:[0-9a-f:]*/gi, 'IPV6'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b(?!-)/g, 'IPV4'],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, 'ADDRESS'],
  [/\b(\w*(?:password|passwd|secret|token|key|pin)\w*=)\S+/gi, '$1HIDDEN'],
]

/** A text without the names, addresses and keys that are in it. */
export function scrub(text: string, { host, users }: Names): string {
  const names = [
    ...[host, ...host.split('.', 1)].map((name) => [name, 'HOST'] as const),
    ...users.map((name) => [name, 'USER'] as const),
  ].filter(([name]) => name.length > 2 && !harmless.has(name.toLowerCase()))
  const plain = hidden.reduce((rest, [what, by]) => rest.replaceAll(what, by), text)
  return names.reduce((rest, [name, by]) => rest.replaceAll(word(name), by), plain)
}
