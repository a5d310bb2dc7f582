/** Nothing here takes this long: whoever waits longer waits for what never comes. */
const LIMIT_S = 240

/** The promise's own answer, or an error that names what was waited for. */
export async function patiently<T>(
  what: string,
  promise: Promise<T>,
  limitS = LIMIT_S,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited ${limitS} s in vain for ${what}`)),
      limitS * 1000,
    )
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
