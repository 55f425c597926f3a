import type { z } from 'zod'

/** Faults of one input that a message or a report names; the others are counted. */
export const FAULTS_NAMED_MAX = 10
/** Characters of a refused value that a message shows. */
export const SHOWN_CHARACTERS_MAX = 80

export type FieldPath = readonly PropertyKey[]

/** A field of an input, and the rule that it breaks. */
export interface FieldFault {
  readonly path: FieldPath
  readonly rule: string
}

/** ['positions', 3, 'size'] → `positions[3].size`. */
export function pathText(path: FieldPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** What stands at the path; undefined where nothing does. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  )
}

/** The value as JSON prints it, cut to SHOWN_CHARACTERS_MAX, so that a number is not taken for a string. */
export function shownValue(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value)
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
}

/** Every fault that a schema found, one for each unknown field. */
export function schemaFaultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap(({ path, message, ...issue }) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], rule: 'unknown field' }))
    }
    if (issue.code === 'invalid_key') return [{ path, rule: `its name ${issue.issues[0]?.message}` }]
    return [{ path, rule: message }]
  })
}

/**
 * The first FAULTS_NAMED_MAX faults of `value` as one text, each with path, value and rule, and how many more
 * there are. `whole` names the value where a path is empty.
 */
export function faultsText(value: unknown, faults: readonly FieldFault[], whole = 'the account'): string {
  const named = faults
    .slice(0, FAULTS_NAMED_MAX)
    .map(({ path, rule }) => `${pathText(path) || whole} is ${shownValue(valueAt(value, path))}: ${rule}`)
  const more = faults.length - named.length
  return [...named, ...(more > 0 ? [`and ${more} more faults`] : [])].join('; ')
}
