/** A JSON schema, as far as a manifest's uses it. */
export interface Schema {
  title?: string
  type?: string
  description?: string
  $ref?: string
  enum?: readonly unknown[]
  const?: unknown
  pattern?: string
  required?: readonly string[]
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  anyOf?: readonly Schema[]
  patternProperties?: Record<string, Schema>
  definitions?: Record<string, Schema>
}

/** One key that may stand in a document. */
export interface Key {
  /** Such as modules[].name */
  path: string
  type: string
  required: boolean
  description: string
}

function resolve(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  const target = name ? root.definitions?.[name] : undefined
  return target ? { ...resolve(root, target), ...schema } : schema
}

function typeOf(root: Schema, schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(root, resolve(root, one))).join(' | ')
  if (schema.type === 'array' && schema.items)
    return `list of ${typeOf(root, resolve(root, schema.items))}`
  return schema.type ?? 'any'
}

/** All keys, the outer before the inner, in the order of the schema. */
export function keysOf(root: Schema, schema = root, prefix = ''): Key[] {
  const { properties = {}, required = [], items, additionalProperties: others } = schema
  if (items) return keysOf(root, resolve(root, items), `${prefix}[]`)
  if (schema.anyOf) return schema.anyOf.flatMap((one) => keysOf(root, resolve(root, one), prefix))
  const named = Object.entries(properties).map(([name, inner]) => [name, inner] as const)
  const any = [
    ...Object.values(schema.patternProperties ?? {}),
    ...(typeof others === 'object' ? [others] : []),
  ].map((inner) => ['*', inner] as const)
  return [...named, ...any].flatMap(([name, unresolved]) => {
    const inner = resolve(root, unresolved)
    const path = prefix ? `${prefix}.${name}` : name
    const key = {
      path,
      type: typeOf(root, inner),
      required: required.includes(name),
      description: inner.description ?? '',
    }
    return [key, ...keysOf(root, inner, path)]
  })
}
