/**
 * What stands in for node:test where mutants are tried: tests are only listed, and runner.ts runs
 * those that can notice a mutant, as often as it likes, in one process. What is not here and is
 * imported by a unit test makes the bundle fail, and has to be added.
 */
export interface Listed {
  name: string
  run: (context: Context) => unknown
}

/** What a test is given. */
export interface Context {
  after: (undo: Undo) => void
}

type Undo = () => unknown

export const tests: Listed[] = []
const last: Undo[] = []

interface Options {
  skip?: string | boolean
}

export function test(name: string, ...rest: [Listed['run']] | [Options, Listed['run']]): void {
  const [{ skip }, run] = rest.length === 2 ? rest : [{} as Options, rest[0]]
  if (!skip) tests.push({ name, run })
}

/** After all tests of a file; here, before the bundle is loaded anew. */
export function after(undo: Undo): void {
  last.push(undo)
}

export async function finish(): Promise<void> {
  for (const undo of last) await undo()
}
