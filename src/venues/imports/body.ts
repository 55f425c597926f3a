import {
  ASSET_PATTERN,
  CAP_PATTERN,
  type CollateralRules,
  DECIMAL_PATTERN,
  type Decimal,
  type InstrumentRules,
  isPrice,
  PRICE_PATTERN,
  type RulesBody,
  type RulesRequest,
  type StatedRules,
  shownValue,
} from '../../domain/index.ts'
import { PlimsollError } from '../../errors.ts'
import { collateralPlace } from '../../margin/index.ts'
import { coinOfAsset } from '../coins.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { plainNumberOf } from '../numbers.ts'

/** An object of a body that is about one contract or one tier. */
export type BodyRecord = JsonObject

/**
 * The objects of the bodies that `fits` accepts, in their order, at whatever depth: venues, client libraries and recorded
 * files put lists into different envelopes. An accepted object is not searched further.
 */
export function recordsOf(bodies: readonly RulesBody[], fits: (object: JsonObject) => boolean): BodyRecord[] {
  const found: BodyRecord[] = []
  const search = (value: unknown) => {
    if (Array.isArray(value)) for (const item of value) search(item)
    else if (isObject(value)) {
      if (fits(value)) found.push(value)
      else for (const item of Object.values(value)) search(item)
    }
  }
  for (const { value } of bodies) search(value)
  return found
}

/** @throws PlimsollError RULES_INVALID, which `taken` turns into the reason of a symbol. */
export function refuse(reason: string): never {
  throw new PlimsollError('RULES_INVALID', reason)
}

/**
 * A number of a body in our grammar: `1e-8`, `100.00` and `0.0` become 0.00000001, 100 and 0. undefined for any other
 * value, such as `""`, by which venues say "none". Refuses a number with more digits than the grammar has.
 */
export function decimalOf(value: unknown): Decimal | undefined {
  const decimal = plainNumberOf(value)
  if (decimal === undefined || DECIMAL_PATTERN.test(decimal)) return decimal
  return refuse(`${shownValue(value)} has more digits than 15 before and 18 after the point`)
}

/** The number in the first of the fields that states one. Refuses a record without any. */
export function numberIn(record: BodyRecord, ...fields: readonly string[]): Decimal {
  return fittingIn(record, fields, DECIMAL_PATTERN, 'must be a number')
}

/** The same of a number by which another one is divided or multiplied: 0 and less are refused. */
export function positiveIn(record: BodyRecord, ...fields: readonly string[]): Decimal {
  return fittingIn(record, fields, PRICE_PATTERN, 'must be a number above zero')
}

/** The same of the cap of a tier or the lower bound of the next. A venue writes 19 digits for "no cap". */
export function boundIn(record: BodyRecord, ...fields: readonly string[]): Decimal {
  return fittingIn(record, fields, CAP_PATTERN, 'must be a number of zero or more')
}

function fittingIn(record: BodyRecord, fields: readonly string[], grammar: RegExp, rule: string): Decimal {
  const field =
    fields.find((name) => plainNumberOf(record[name]) !== undefined) ??
    fields.find((name) => record[name] !== undefined) ??
    fields[0]!
  const decimal = plainNumberOf(record[field])
  if (decimal !== undefined && grammar.test(decimal)) return decimal
  return refuse(`${field} is ${shownValue(record[field])}: ${rule}, of at most 18 digits after the point`)
}

/** The text in the first of the fields that states one that is not empty. Refuses a record without any. */
export function textIn(record: BodyRecord, ...fields: readonly string[]): string {
  const text = textOrUndefined(record, ...fields)
  return text ?? refuse(`${fields[0]} is ${shownValue(record[fields[0]!])}: must be a text`)
}

/** The name of a contract. A record without one gets a name that no symbol can have, so that it is refused and not lost. */
export function symbolIn(record: BodyRecord, field: string): string {
  return textOrUndefined(record, field) ?? `without ${field}`
}

export function textOrUndefined(record: BodyRecord, ...fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = record[field]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** Rules by symbol and by asset while bodies are read, each taken or refused. */
export class Taken {
  readonly rules = new Map<string, readonly StatedRules[]>()
  readonly collateral = new Map<string, CollateralRules>()
  readonly refused = new Map<string, string>()

  /** Takes what `read` returns; a reason that it throws with `refuse` refuses the symbol. */
  take(symbol: string, read: () => InstrumentRules | readonly StatedRules[]): void {
    this.#takeInto(this.rules, symbol, symbol, () => {
      const stated = read()
      return 'contribution' in stated ? [{ rules: stated }] : stated
    })
  }

  /** The same of an asset. */
  takeCollateral(asset: string, read: () => CollateralRules): void {
    this.#takeInto(this.collateral, asset, collateralPlace(asset), read)
  }

  #takeInto<Rules>(map: Map<string, Rules>, key: string, name: string, read: () => Rules): void {
    try {
      const stated = read()
      const other = map.get(key)
      if (other !== undefined && textOf(other) !== textOf(stated)) {
        refuse('the bodies state it twice with different rules')
      }
      if (!this.refused.has(name)) map.set(key, stated)
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'RULES_INVALID') throw error
      map.delete(key)
      this.refused.set(name, error.message)
    }
  }

  refuse(symbol: string, reason: string): void {
    this.take(symbol, () => refuse(reason))
  }
}

/** Rules as text, from whatever endpoint they come. */
function textOf(rules: unknown): string {
  return JSON.stringify(rules, (field, value) => (field === 'source' ? undefined : value))
}

/** Records by the symbol that they are about, in the order of the symbols. */
export function groupedBy(
  records: readonly BodyRecord[],
  symbolOf: (record: BodyRecord) => string | undefined,
): ReadonlyMap<string, readonly BodyRecord[]> {
  const groups = new Map<string, BodyRecord[]>()
  for (const record of records) {
    const symbol = symbolOf(record)
    if (symbol === undefined) continue
    const group = groups.get(symbol)
    if (group === undefined) groups.set(symbol, [record])
    else group.push(record)
  }
  return groups
}

/** Reads what a venue objects: its words in `words` where `field` has another value than that of success. */
export function objectionIn(
  field: string,
  success: string,
  words: string,
): (answer: unknown) => string | undefined {
  return (answer) => {
    if (!isObject(answer) || answer[field] === undefined || answer[field] === success) return undefined
    return `${field} ${shownValue(answer[field])}, ${shownValue(answer[words])}`
  }
}

const CURSOR = /&cursor=.*$/

/** The same request for the page at a cursor; none without one. */
export function pageAt({ path }: RulesRequest, cursor: string | undefined): RulesRequest[] {
  if (cursor === undefined) return []
  return [{ path: `${path.replace(CURSOR, '')}&cursor=${encodeURIComponent(cursor)}` }]
}

/** The same of venues that answer with an object `error` of a code or name and a message. */
export function errorIn(answer: unknown): string | undefined {
  if (!isObject(answer) || !isObject(answer.error)) return undefined
  const { code, name, message } = answer.error
  return `error ${shownValue(code ?? name)}, ${shownValue(message)}`
}

/** The field for the smallest step of prices; none where the body does not state one above zero. */
export function tickSizeField(value: unknown): Pick<InstrumentRules, 'tickSize'> {
  const tickSize = plainNumberOf(value)
  return isPrice(tickSize) ? { tickSize } : {}
}

/** The field for the coin of a contract; PEPE of 1000PEPE. None for a name that is not an asset code. */
export function baseAssetField(name: string | undefined): Pick<InstrumentRules, 'baseAsset'> {
  const coin = name && coinOfAsset(name)
  return coin !== undefined && ASSET_PATTERN.test(coin) ? { baseAsset: coin } : {}
}
