/** A mistake in a manifest: where, as path into the document, and what was expected. */
export interface Mistake {
  path: (string | number)[]
  message: string
}
