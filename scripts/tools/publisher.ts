/** What a publisher has to set in package.json, and what it is as long as nobody did. */
const fields: Record<string, (value: string) => boolean> = {
  author: (value) => /^[^<>]+ <[^<>@]+@[^<>@]+>$/.test(value) && !value.includes('noreply'),
  homepage: (value) => value.startsWith('https://'),
  repository: (value) => /^(git\+)?https:\/\//.test(value),
  bugs: (value) => /^(https:\/\/|mailto:)/.test(value),
}

/** The fields of a package.json that only a publisher can set, and has not. */
export function unsetFields(about: Record<string, unknown>): string[] {
  const textOf = (name: string): string => {
    const value = about[name] as string | { url?: string } | undefined
    return (typeof value === 'object' ? value.url : value) ?? ''
  }
  return Object.entries(fields)
    .filter(([name, isSet]) => !isSet(textOf(name)))
    .map(([name]) => name)
}
