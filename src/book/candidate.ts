import { type Account, accountSchema, jsonFaultOf } from '../domain/index.ts'
import { LINE_LENGTH_MAX, type Line } from './lines.ts'
import type { AccountWrite } from './store.ts'

/** Characters of a refused value that a report shows. */
export const VALUE_LENGTH_MAX = 80

/** Why a line of an import was not taken over. */
export interface Refusal {
  readonly line: number
  /** Field of the account, for example `positions[2].size`; empty when it is the line as a whole. */
  readonly path: string
  /** The value there, cut to VALUE_LENGTH_MAX; null when it is missing. */
  readonly value: string | null
  readonly rule: string
}

type Path = readonly PropertyKey[]

/** What a line, or the rows of one account, say; not checked yet. */
export interface Candidate {
  readonly raw: unknown
  /** The line to blame for a fault at the path. */
  lineOf(path: Path): number
}

/** Whether the rules of a venue's symbol are known. */
export type KnowsSymbol = (venue: Account['venue'], symbol: string) => boolean

/** Reads one line of JSON. */
export function jsonCandidate({ number, text, isCut }: Line): Candidate | Refusal {
  if (isCut) return refusal(number, [], text, `must not be longer than ${LINE_LENGTH_MAX} characters`)
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return refusal(number, [], text, 'must be one JSON object')
  }
  const fault = jsonFaultOf(text)
  return fault === undefined ? { raw, lineOf: () => number } : refusal(number, fault.path, text, fault.rule)
}

/** The account of a candidate, ready to be written, or the first rule that it breaks. */
export function checkCandidate({ raw, lineOf }: Candidate, knows: KnowsSymbol): AccountWrite | Refusal {
  const parsed = accountSchema.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const unknownField = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    const path = [...(issue?.path ?? []), ...(unknownField === undefined ? [] : [unknownField])]
    const rule = unknownField === undefined ? (issue?.message ?? '') : 'is not a field of an account'
    const others = parsed.error.issues.length - 1
    return refusal(
      lineOf(path),
      path,
      valueAt(raw, path),
      others > 0 ? `${rule} (and ${others} more faults)` : rule,
    )
  }
  const account = parsed.data
  const index = account.positions.findIndex(({ symbol }) => !knows(account.venue, symbol))
  const position = account.positions[index]
  if (position !== undefined) {
    const path = ['positions', index, 'symbol']
    const rule = `is not in the rule book of ${account.venue}; its rules can be given with --rules`
    return refusal(lineOf(path), path, position.symbol, rule)
  }
  // The schema's default 0 is not a version that anybody stated.
  const isStated = (raw as { version?: unknown }).version !== undefined
  return { account, version: isStated ? 'stated' : 'next' }
}

export function refusal(line: number, path: Path, value: unknown, rule: string): Refusal {
  return { line, path: pathText(path), value: valueText(value), rule }
}

function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    raw,
  )
}

function valueText(value: unknown): string | null {
  if (value === undefined) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text
}
