import {
  type Account,
  type AccountFault,
  type AccountWrite,
  type accountSchemaOf,
  counted,
  FAULTS_NAMED_MAX,
  type FieldFault,
  type FieldPath,
  IN_OUR_WORDS,
  pathText,
  SHOWN_CHARACTERS_MAX,
  schemaFaultsOf,
  shownValue,
  valueAt,
} from '../domain/index.ts'
import { LINE_LENGTH_MAX, type Line, readJson } from '../input/index.ts'

/** A reason why an import refuses an account. */
export interface Refusal {
  readonly line: number
  /** Field of the account, for example `positions[2].size`; empty when it is the line as a whole. */
  readonly path: string
  /** The text of a string, else the value as JSON; cut to SHOWN_CHARACTERS_MAX; null when it is missing. */
  readonly value: string | null
  /** The value as it stands in the input, for a message: `"12000.5"` is a string, `12000.5` a number. */
  readonly shown: string
  readonly rule: string
}

/** The contents of a line, or of the rows of one account, before they are checked. */
export interface Candidate {
  readonly raw: unknown
  /** The line of the field at the path. */
  lineOf(path: FieldPath): number
}

/** Why an account is refused: at least one fault, at most FAULTS_NAMED_MAX and a count of the others. */
export type Refused = readonly Refusal[]

/** Reads an account: `accountSchemaOf` the names of all venues. */
export type AccountSchema = ReturnType<typeof accountSchemaOf>

/** The faults that the rules find in an account. The worker asks the same. */
export type CheckAccount = (account: Account) => readonly AccountFault[]

/** Usually this is an account that is spread over several lines. `reason`: what and where the first mistake is. */
function noJsonRule(reason: string): string {
  return `must be one account as JSON on one line (${reason}); accounts over several lines stand in a list: [{...}, {...}]`
}

/** Reads one account of JSON. */
export function jsonCandidate({ number, text, isCut, fault: misplaced }: Line): Candidate | Refused {
  if (isCut) return lineRefused(number, text, `must not be longer than ${LINE_LENGTH_MAX} characters`)
  if (misplaced !== undefined) return lineRefused(number, text, misplaced)
  const json = readJson(text)
  if ('reason' in json) return lineRefused(number, text, noJsonRule(json.reason))
  if ('fault' in json)
    return [{ ...lineRefusal(number, text, json.fault.rule), path: pathText(json.fault.path) }]
  return { raw: json.value, lineOf: () => number }
}

/** The account of a candidate, ready to be written, or every rule that it breaks. */
export function checkCandidate(
  candidate: Candidate,
  schema: AccountSchema,
  check: CheckAccount,
): AccountWrite | Refused {
  const { raw } = candidate
  const parsed = schema.safeParse(raw, IN_OUR_WORDS)
  if (!parsed.success) return refusedFor(candidate, schemaFaultsOf(parsed.error))
  const faults = check(parsed.data)
  if (faults.length > 0) return refusedFor(candidate, faults)
  // The default 0 of the schema is no stated version.
  const isStated = (raw as { version?: unknown }).version !== undefined
  return { account: parsed.data, version: isStated ? 'stated' : 'next' }
}

function refusedFor({ raw, lineOf }: Candidate, faults: readonly FieldFault[]): Refused {
  const more = faults.length - FAULTS_NAMED_MAX
  return faults.slice(0, FAULTS_NAMED_MAX).map(({ path, rule }, index) => {
    const isLastNamed = index === FAULTS_NAMED_MAX - 1 && more > 0
    return refusal(
      lineOf(path),
      path,
      valueAt(raw, path),
      isLastNamed ? `${rule} (and ${counted(more, 'more fault')})` : rule,
    )
  })
}

export function refusal(line: number, path: FieldPath, value: unknown, rule: string): Refusal {
  return { line, path: pathText(path), value: valueText(value), shown: shownValue(value), rule }
}

/** Refuses a line as a whole and shows it without added quotes. */
export function lineRefusal(line: number, text: string, rule: string): Refusal {
  const shown = cut(text)
  return { line, path: '', value: shown, shown, rule }
}

export function lineRefused(line: number, text: string, rule: string): Refused {
  return [lineRefusal(line, text, rule)]
}

function valueText(value: unknown): string | null {
  if (value === undefined) return null
  return cut(typeof value === 'string' ? value : JSON.stringify(value))
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
}
