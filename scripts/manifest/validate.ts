import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { manifest } from './schema.ts'

export const ajvOptions: Options = { allErrors: true, verbose: true, strict: true }

/** The schema as a function. In dist/ bundle.ts puts ajv's compiled code here: compiling takes 0.1 s. */
export const validate: ValidateFunction = new Ajv(ajvOptions).compile(manifest)
