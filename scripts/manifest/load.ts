import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { ErrorObject } from 'ajv'
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import leven from 'leven'
import semver from 'semver'
import { Failure } from '../run/failure.ts'
import type { Manifest, Project } from './manifest.ts'
import { checkRules } from './rules.ts'
import { validate } from './validate.ts'

/** A mistake in a manifest: where, as path into the document, and what was expected. */
export interface Mistake {
  path: (string | number)[]
  message: string
}

/** The version from the nearest package.json at or above a folder: it stands there alone. */
export function nearestVersion(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file)) {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }
      if (typeof version === 'string' && semver.valid(version)) return version
    }
    if (dirname(at) === at)
      throw new Failure('manifest', `No package.json with a version at or above ${folder}.`, {
        mend: `printf '{ "version": "1.0.0" }\\n' > ${join(folder, 'package.json')}`,
      })
  }
}

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

function fromSchema(error: ErrorObject): Mistake {
  const path = pointerParts(error.instancePath)
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty)
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
    const meant = nearest(key, known)
    const hint = meant ? `did you mean "${meant}"?` : `known are ${known.join(', ')}`
    return { path: [...path, key], message: `unknown key "${key}"; ${hint}` }
  }
  if (error.keyword === 'enum')
    return { path, message: `must be one of ${(error.schema as string[]).join(', ')}` }
  if (error.keyword === 'pattern')
    return { path, message: `must fit the pattern ${String(error.params.pattern)}` }
  return { path, message: error.message ?? error.keyword }
}

/** All mistakes in a parsed document; none means that it is a Manifest. */
export function findMistakes(document: unknown, folder?: string): Mistake[] {
  if (!validate(document)) return (validate.errors ?? []).map(fromSchema)
  return checkRules(document as Manifest, folder)
}

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

/** Parses and checks manifest text; `file` is only for messages. Throws a Failure with all mistakes. */
export function parseManifest(text: string, file: string, folder?: string): Manifest {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: true })
  if (!tree || errors.length > 0) {
    const details = errors.map(
      (e) => `${file}:${position(text, e.offset)}: ${printParseErrorCode(e.error)}`,
    )
    throw new Failure('manifest', `${file} is not JSON.`, {
      details,
      mend: `"\${EDITOR:-vi}" ${file}`,
    })
  }
  const document: unknown = JSON.parse(text)
  const mistakes = findMistakes(document, folder)
  if (mistakes.length > 0) {
    const details = mistakes.map(
      ({ path, message }) =>
        `${file}:${position(text, nodeAt(tree, path).offset)}: /${path.join('/')}: ${message}`,
    )
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
    throw new Failure('manifest', `${file} has ${count}.`, {
      details,
      mend: `"\${EDITOR:-vi}" ${file}`,
    })
  }
  return document as Manifest
}

/** Reads and checks a manifest file. Throws a Failure of kind manifest. */
export function loadManifest(path: string): Project {
  const file = resolve(path)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new Failure('manifest', `The manifest ${file} cannot be read.`, { mend: `ls -l ${file}` })
  }
  const folder = dirname(file)
  return { ...parseManifest(text, path, folder), file, folder, version: nearestVersion(folder) }
}
