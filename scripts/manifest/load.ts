import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ErrorObject } from 'ajv'
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import leven from 'leven'
import { quote } from '../run/exec.ts'
import { Failure } from '../run/failure.ts'
import type { Manifest, Project } from './manifest.ts'
import type { Mistake } from './mistake.ts'
import { resolveManifest } from './resolve.ts'
import { checkRules } from './rules.ts'
import { validate } from './validate.ts'

function pointerParts(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

/** The known key that was probably meant: at most two letters, or a third, away. */
function nearest(key: string, known: string[]): string | undefined {
  const ranked = known.map((name) => [name, leven(key, name)] as const).sort((a, b) => a[1] - b[1])
  const best = ranked[0]
  return best && best[1] <= Math.max(2, key.length / 3) ? best[0] : undefined
}

/** A value as people are told of it. */
function inShort(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 50 ? `${text.slice(0, 50)}…` : text
}

function fromSchema(error: ErrorObject): Mistake {
  const path = pointerParts(error.instancePath)
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty)
    const parent = error.parentSchema as { properties?: object; patternProperties?: object }
    const [pattern] = Object.keys(parent.patternProperties ?? {})
    if (pattern)
      return { path: [...path, key], message: `"${key}" does not fit the pattern ${pattern}` }
    const known = Object.keys(parent.properties ?? {})
    const meant = nearest(key, known)
    const hint = meant ? `did you mean "${meant}"?` : `known are ${known.join(', ')}`
    return { path: [...path, key], message: `unknown key "${key}"; ${hint}` }
  }
  const { description = '' } = error.parentSchema as { description?: string }
  const meant = description && ` (${description.replace(/\.$/, '')})`
  const was = inShort(error.data)
  if (error.keyword === 'enum')
    return { path, message: `${was} is none of ${(error.schema as string[]).join(', ')}${meant}` }
  if (error.keyword === 'pattern')
    return {
      path,
      message: `${was} does not fit the pattern ${String(error.params.pattern)}${meant}`,
    }
  if (error.keyword === 'required') return { path, message: error.message ?? error.keyword }
  return { path, message: `${was} ${error.message ?? error.keyword}${meant}` }
}

/** A value that is none of some words is also of the wrong type, perhaps: that is one mistake. */
const onceEach = (errors: readonly ErrorObject[]): ErrorObject[] =>
  errors.filter(
    ({ keyword, instancePath }) =>
      keyword !== 'type' ||
      !errors.some((other) => other.keyword === 'enum' && other.instancePath === instancePath),
  )

/** All mistakes in a parsed document; none means that it is a Manifest. */
export function findMistakes(document: unknown, folder?: string): Mistake[] {
  if (!validate(document)) return onceEach(validate.errors ?? []).map(fromSchema)
  return checkRules(document as Manifest, folder)
}

/** CommaExpected as people say it. */
const inWords = (name: string) => name.replaceAll(/(?<=.)[A-Z]/g, ' $&').toLowerCase()

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

/** The deepest node of a path that is there: a missing key is reported at its parent. */
function nodeAt(tree: Node, path: (string | number)[]): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length))
    if (node) return node.parent?.type === 'property' ? node.parent : node
  }
  return tree
}

/** What is wrong with a manifest, each mistake at its place. */
function manifestFailure(file: string, what: string, details: string[]): Failure {
  return new Failure('manifest', `${file} ${what}.`, {
    details,
    mend: `"\${EDITOR:-vi}" ${quote(file)}`,
  })
}

/** Parses and checks manifest text; `file` is only for messages. Throws a Failure with all mistakes. */
export function parseManifest(
  text: string,
  file: string,
  folder?: string,
): { document: Manifest; fail: (mistakes: Mistake[]) => Failure } {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: true })
  if (!tree || errors.length > 0) {
    const details = errors.map(
      (e) => `${file}:${position(text, e.offset)}: ${inWords(printParseErrorCode(e.error))}`,
    )
    throw manifestFailure(file, 'is not JSON', details)
  }
  const fail = (mistakes: Mistake[]) =>
    manifestFailure(
      file,
      `has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}`,
      mistakes.map(
        ({ path, message }) =>
          `${file}:${position(text, nodeAt(tree, path).offset)}: /${path.join('/')}: ${message}`,
      ),
    )
  const document: unknown = JSON.parse(text)
  const mistakes = findMistakes(document, folder)
  if (mistakes.length > 0) throw fail(mistakes)
  return { document: document as Manifest, fail }
}

/** Reads and checks a manifest file. Throws a Failure of kind manifest. */
export function loadManifest(path: string): Project {
  const file = resolve(path)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new Failure('manifest', `The manifest ${file} cannot be read.`, {
      mend: `ls -l ${quote(file)}`,
    })
  }
  const { document, fail } = parseManifest(text, path, dirname(file))
  const project = resolveManifest(document, file)
  if (Array.isArray(project)) throw fail(project)
  return project
}
