/** What a known cause of a failed build looks like, and what to tell people. */
const hints: { pattern: RegExp; hint: string }[] = [
  {
    pattern: /gelf\.h|libelf|elfutils/,
    hint: 'The headers need libelf: install libelf-dev (elfutils-libelf-devel on Fedora).',
  },
  {
    pattern: /incompatible gcc\/plugin versions|cannot load plugin|gcc-plugins?\/\S+\.so/,
    hint: 'The kernel has plugins for its own gcc, and this one cannot load them: install that gcc.',
  },
  {
    pattern: /unrecognized command[- ]line option|unknown argument: /,
    hint: 'The compiler is older than the one that built the kernel, or of another kind.',
  },
  {
    pattern: /(fixdep|modpost|objtool).*(Exec format error|cannot execute)/,
    hint: 'The headers are of another architecture or another C library.',
  },
  {
    pattern:
      /(?:fixdep|modpost|objtool)\S*:(?: \d+:)? (?:not found|No such file)|objtool.*needed by/i,
    hint: 'The headers lack a program that builds need: their package is not whole.',
  },
  {
    pattern: /(?:ld\.lld|llvm-\w+|clang(?:-\d+)?): (?:command )?not found/,
    hint: 'The kernel was built by clang: its modules want clang, lld and llvm.',
  },
  {
    pattern: /\bg?cc(-\d+)?: (command )?(not found|No such file)/,
    hint: 'The compiler that built the kernel is not installed.',
  },
  { pattern: /include\/generated\/autoconf\.h/, hint: 'The headers are not configured.' },
]

/** A hint for a failed build's log, if its cause is a known one. */
export function buildHint(log: string): string | undefined {
  return hints.find(({ pattern }) => pattern.test(log))?.hint
}

/** Whether something had no room to write to; kbuild's fixdep says so in words of its own. */
export function outOfSpace(output: string): boolean {
  return /No space left on device|fixdep: not all data was written/i.test(output)
}

/** What modprobe says where the kernel would not take a module, and what to tell people. */
const refusals: { pattern: RegExp; hint: string; mend: string }[] = [
  {
    pattern: /Key was rejected|Required key not available|Operation not permitted/i,
    hint: 'the kernel only takes modules that are signed with a key it knows',
    mend: 'vmmci-dkms keys show',
  },
  {
    pattern: /Exec format error|Invalid module format/i,
    hint: 'it was built for another kernel',
    mend: 'vmmci-dkms install',
  },
  {
    pattern: /not found in directory|No such file/i,
    hint: 'it is not installed for this kernel',
    mend: 'vmmci-dkms install',
  },
]

/** Why a module was refused, in words. */
export function refusalHint(stderr: string): { hint: string; mend: string } | undefined {
  return refusals.find(({ pattern }) => pattern.test(stderr))
}

/**
 * The compiler's and linker's own lines from a make log: the first errors, with what they point to.
 * Files below `folder`, where it was built, are named as the sources have them: it goes with the build.
 */
export function errorLines(log: string, folder?: string): string[] {
  const most = 12
  const lines = (folder ? log.replaceAll(`${folder}/`, '') : log).split('\n')
  const first = lines.findIndex((line) => /\b(error|fatal|undefined)\b/i.test(line))
  if (first < 0) return lines.filter(Boolean).slice(-most)
  return lines.slice(first, first + most).filter(Boolean)
}
