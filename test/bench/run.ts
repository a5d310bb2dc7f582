/** npm run bench [-- AREA...]: one or more of these, or all. */
const areas: Record<string, () => Promise<void>> = {
  toolchain: async () => (await import('./toolchain.ts')).benchToolchain(),
  package: async () => (await import('./package.ts')).benchPackage(),
  modules: async () => (await import('./modules.ts')).benchModules(),
  clock: async () => (await import('./clock.ts')).benchClock(),
  chrony: async () => (await import('./chrony.ts')).benchChrony(),
  polls: async () => (await import('./polls.ts')).benchPolls(),
  ptp: async () => (await import('./ptp.ts')).benchPtp(),
}

// A compiler that only remembers is none to compare with.
process.env.CCACHE_DISABLE = '1'

const wanted = process.argv.slice(2)
const unknown = wanted.filter((area) => !(area in areas))
if (unknown.length > 0) {
  console.error(
    `No such bench: ${unknown.join(', ')}\n  try: npm run bench -- ${Object.keys(areas).join(' ')}`,
  )
  process.exit(2)
}
for (const [area, run] of Object.entries(areas))
  if (wanted.length === 0 || wanted.includes(area)) await run()
