import { z } from 'zod'
import { counted } from './counted.ts'

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

/** The value at the path; undefined when none is. */
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

const TYPE_RULES: Readonly<Record<string, string>> = {
  object: 'must be an object',
  record: 'must be an object',
  array: 'must be a list',
  string: 'must be a string',
  boolean: 'must be true or false',
  number: 'must be a number',
  int: 'must be a whole number',
  null: 'must be null',
}

const NO_FORM = 'must have the form that its format describes'

/** For `safeParse`: faults for which a schema has no text of its own get ours instead of zod's. */
export const IN_OUR_WORDS = { error: ruleOf } as const

function ruleOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_RULES[issue.expected] ?? `must be of the type ${issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      // Of a discriminator that has another value.
      return Array.isArray(issue.options) ? `must be one of ${issue.options.map(String).join(', ')}` : NO_FORM
    case 'too_small':
      return sizeRule(issue.origin, 'at least', issue.minimum, issue.inclusive === false && 'above')
    case 'too_big':
      return sizeRule(issue.origin, 'at most', issue.maximum, issue.inclusive === false && 'below')
    default:
      return NO_FORM
  }
}

/** `beyond`: the word for a bound that is excluded; false when it is included. */
function sizeRule(origin: string, side: string, bound: number | bigint, beyond: string | false): string {
  if (origin === 'string' && side === 'at least' && bound === 1) return 'must not be empty'
  if (origin === 'string') return `must have ${side} ${bound} characters`
  if (origin === 'array') return `must hold ${side} ${counted(Number(bound), 'entry', 'entries')}`
  return beyond === false ? `must be ${side} ${bound}` : `must be ${beyond} ${bound}`
}

/** The rule of a fault whose path names a field that the schema does not know. */
export const UNKNOWN_FIELD = 'unknown field'

/** Every fault that a schema found, one for each unknown field. */
export function schemaFaultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap(({ path, message, ...issue }) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], rule: UNKNOWN_FIELD }))
    }
    if (issue.code === 'invalid_key') return [{ path, rule: `its name ${issue.issues[0]?.message}` }]
    return [{ path, rule: message }]
  })
}

/** The value by a schema that a transformation chose; what breaks it are faults of the whole, and the result is `z.NEVER`. */
export function parsedWithin<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  context: z.core.$RefinementCtx,
): z.output<Schema> {
  const parsed = schema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues)
    context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
  return z.NEVER
}

/** The first broken rule and where, in one line. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return error.message
  return `${issue.path.length === 0 ? 'the value' : issue.path.join('.')}: ${issue.message}`
}

/** The rule that a single value broke first, without its path. */
export function firstRule(error: z.ZodError): string {
  return error.issues[0]?.message ?? error.message
}

/**
 * The first FAULTS_NAMED_MAX faults of `value` as one text, each with path, value and rule, and how many more
 * there are. `whole` names the value when a path is empty.
 */
export function faultsText(value: unknown, faults: readonly FieldFault[], whole = 'the account'): string {
  const named = faults
    .slice(0, FAULTS_NAMED_MAX)
    .map(({ path, rule }) => `${pathText(path) || whole} is ${shownValue(valueAt(value, path))}: ${rule}`)
  const more = faults.length - named.length
  return [...named, ...(more > 0 ? [`and ${counted(more, 'more fault')}`] : [])].join('; ')
}
