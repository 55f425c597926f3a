// The text of a recording: one JSON value a line.
import {
  type Account,
  type AccountChange,
  type Decimal,
  isPrice,
  type LevelName,
  type MarkSource,
  markSourceSchema,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf, type Line } from '../input/index.ts'
import { contractLine, type RecordedContract, readContract } from './recorded-contracts.ts'
import { RecordedFields } from './recorded-fields.ts'

export const RECORDING_VERSION = 1

/** The name of every file of a recording; files of one folder are in the order of their names. */
export const RECORDING_FILE = /^recording-\d{8}T\d{9}Z\.jsonl\.gz$/

/** A price as it was heard. `markPrice` null: the venue confirmed the last one. */
export interface HeardPrice {
  readonly venue: string
  readonly symbol: string
  readonly markPrice: Decimal | null
  readonly eventTimeMs: number
  readonly fundingRate: Decimal | undefined
  readonly nextFundingTimeMs: number | undefined
  /** What stands for the mark; undefined for the venue's own. */
  readonly markSource?: MarkSource | undefined
}

/** An index price that stood beside the prices of a frame. */
export interface HeardIndex {
  /** Prices of the frame before it. */
  readonly after: number
  readonly venue: string
  readonly name: string
  readonly price: Decimal
}

/** A worker begins: by what it judges. */
export interface RecordedStart {
  readonly kind: 'start'
  readonly timeMs: number
  readonly levels: readonly LevelName[]
  readonly hysteresis: Decimal
  /** Version of the rule book of each venue. */
  readonly ruleBooks: Readonly<Record<string, string>>
}

/** What a worker took, in the order in which it did. Times are those of its clock, Unix milliseconds. */
export type RecordedEntry =
  | RecordedStart
  | { readonly kind: 'change'; readonly timeMs: number; readonly change: AccountChange }
  /** All accounts that were stored are in the entries since the start. */
  | { readonly kind: 'loaded'; readonly timeMs: number }
  | {
      readonly kind: 'prices'
      readonly timeMs: number
      readonly prices: readonly HeardPrice[]
      /** Absent where the frame states none. */
      readonly indexes?: readonly HeardIndex[]
    }
  | { readonly kind: 'stale'; readonly timeMs: number; readonly venue: string; readonly symbol: string }
  | RecordedContract

/** What stands in a line of prices for each of them. */
type PriceCells = readonly [
  venue: string,
  symbol: string,
  markPrice: Decimal | null,
  eventTimeMs: number,
  fundingRate?: Decimal | null,
  nextFundingTimeMs?: number | null,
  markSource?: MarkSource,
]

export function recordedLine(entry: RecordedEntry): string {
  const { kind, timeMs } = entry
  switch (kind) {
    case 'start': {
      const { levels, hysteresis, ruleBooks } = entry
      return JSON.stringify({ start: timeMs, recording: RECORDING_VERSION, levels, hysteresis, ruleBooks })
    }
    case 'change':
      return JSON.stringify({ change: timeMs, ...writtenChange(entry.change) })
    case 'loaded':
      return JSON.stringify({ loaded: timeMs })
    case 'prices':
      return JSON.stringify({
        prices: timeMs,
        of: entry.prices.map(cellsOf),
        indexes: entry.indexes?.map(({ after, venue, name, price }) => [after, venue, name, price]),
      })
    case 'stale':
      return JSON.stringify({ stale: timeMs, venue: entry.venue, symbol: entry.symbol })
    default:
      return contractLine(entry)
  }
}

function writtenChange(change: AccountChange): object {
  if (change.kind === 'put') return { put: change.account }
  if (change.kind === 'removed') return { removed: change.id, version: change.version }
  if (change.kind === 'unreadable') return { unreadable: change.id, error: change.error.message }
  return { lost: change.id }
}

function cellsOf(price: HeardPrice): PriceCells {
  const { venue, symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs, markSource } = price
  if (markSource !== undefined)
    return [venue, symbol, markPrice, eventTimeMs, fundingRate ?? null, nextFundingTimeMs ?? null, markSource]
  if (fundingRate === undefined && nextFundingTimeMs === undefined) {
    return [venue, symbol, markPrice, eventTimeMs]
  }
  return [venue, symbol, markPrice, eventTimeMs, fundingRate ?? null, nextFundingTimeMs ?? null]
}

/** Reads the lines of one file of a recording. */
export class RecordingReader {
  readonly #fields: RecordedFields
  readonly #accountOf: (value: unknown) => Account
  #isStarted = false

  /** `accountOf` throws a PlimsollError for what is no account. */
  constructor(file: string, accountOf: (value: unknown) => Account) {
    this.#fields = new RecordedFields(file)
    this.#accountOf = accountOf
  }

  /** @throws PlimsollError INPUT_INVALID naming file, line, field, value and rule. */
  read({ number, text, isCut }: Line): RecordedEntry {
    const value = isCut ? undefined : jsonOf(text)
    if (typeof value !== 'object' || value === null)
      this.#fields.refuse(number, 'the line', text.slice(0, 40), 'is no entry of a recording')
    const entry = this.#entryOf(number, value as Readonly<Record<string, unknown>>)
    if (!this.#isStarted && entry.kind !== 'start')
      this.#fields.refuse(number, 'the line', text.slice(0, 40), 'stands before the start of the recording')
    this.#isStarted = true
    return entry
  }

  #entryOf(line: number, value: Readonly<Record<string, unknown>>): RecordedEntry {
    if ('prices' in value) return this.#pricesOf(line, value)
    if ('change' in value) {
      const timeMs = this.#fields.time(line, 'change', value.change)
      return { kind: 'change', timeMs, change: this.#changeOf(line, value) }
    }
    if ('stale' in value) {
      const timeMs = this.#fields.time(line, 'stale', value.stale)
      const [venue, symbol] = [
        this.#fields.text(line, 'venue', value.venue),
        this.#fields.text(line, 'symbol', value.symbol),
      ]
      return { kind: 'stale', timeMs, venue, symbol }
    }
    if ('loaded' in value) return { kind: 'loaded', timeMs: this.#fields.time(line, 'loaded', value.loaded) }
    const contract = readContract(this.#fields, line, value)
    if (contract !== undefined) return contract
    if (value.recording !== RECORDING_VERSION)
      this.#fields.refuse(
        line,
        'recording',
        value.recording,
        `must be ${RECORDING_VERSION}, the version of this form`,
      )
    return this.#startOf(line, value)
  }

  #startOf(line: number, value: Readonly<Record<string, unknown>>): RecordedEntry {
    const { levels, ruleBooks } = value
    const isNamed = Array.isArray(levels) && levels.every((level) => typeof level === 'string')
    if (!isNamed) this.#fields.refuse(line, 'levels', levels, 'must be a list of levels')
    if (typeof ruleBooks !== 'object' || ruleBooks === null)
      this.#fields.refuse(line, 'ruleBooks', ruleBooks, 'must be versions by venue')
    return {
      kind: 'start',
      timeMs: this.#fields.time(line, 'start', value.start),
      levels: levels as LevelName[],
      hysteresis: this.#fields.decimal(line, 'hysteresis', value.hysteresis),
      ruleBooks: ruleBooks as Readonly<Record<string, string>>,
    }
  }

  #changeOf(line: number, value: Readonly<Record<string, unknown>>): AccountChange {
    if ('put' in value) return { kind: 'put', account: this.#account(line, value.put) }
    if ('removed' in value) {
      const { version } = value
      if (!Number.isSafeInteger(version))
        this.#fields.refuse(line, 'version', version, 'must be a whole number')
      return {
        kind: 'removed',
        id: this.#fields.text(line, 'removed', value.removed),
        version: version as number,
      }
    }
    if ('unreadable' in value) {
      const error = new PlimsollError('ACCOUNT_INVALID', this.#fields.text(line, 'error', value.error))
      return { kind: 'unreadable', id: this.#fields.text(line, 'unreadable', value.unreadable), error }
    }
    return { kind: 'lost', id: this.#fields.text(line, 'lost', value.lost) }
  }

  #account(line: number, value: unknown): Account {
    try {
      return this.#accountOf(value)
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      const message = `${this.#fields.file}, line ${line}: put: ${error.message}`
      throw new PlimsollError('INPUT_INVALID', message, { cause: error })
    }
  }

  #pricesOf(line: number, value: Readonly<Record<string, unknown>>): RecordedEntry {
    const { of, indexes } = value
    if (!Array.isArray(of)) this.#fields.refuse(line, 'of', of, 'must be a list of prices')
    const prices = of.map((cells, index) => this.#priceOf(line, `of[${index}]`, cells))
    const entry = { kind: 'prices', timeMs: this.#fields.time(line, 'prices', value.prices), prices } as const
    if (indexes === undefined) return entry
    if (!Array.isArray(indexes))
      this.#fields.refuse(line, 'indexes', indexes, 'must be a list of index prices')
    return {
      ...entry,
      indexes: indexes.map((cells, index) => this.#indexOf(line, `indexes[${index}]`, cells)),
    }
  }

  #indexOf(line: number, field: string, cells: unknown): HeardIndex {
    if (!Array.isArray(cells)) this.#fields.refuse(line, field, cells, 'must be a list')
    const [after, venue, name, price] = cells as unknown[]
    if (!Number.isSafeInteger(after))
      this.#fields.refuse(line, `${field}[0]`, after, 'must be a whole number')
    if (!isPrice(price)) this.#fields.refuse(line, `${field}[3]`, price, 'must be a price above zero')
    return {
      after: after as number,
      venue: this.#fields.text(line, `${field}[1]`, venue),
      name: this.#fields.text(line, `${field}[2]`, name),
      price,
    }
  }

  #priceOf(line: number, field: string, cells: unknown): HeardPrice {
    if (!Array.isArray(cells)) this.#fields.refuse(line, field, cells, 'must be a list')
    const [venue, symbol, markPrice, eventTimeMs, rate, nextTimeMs, source] = cells as unknown[]
    if (markPrice !== null && !isPrice(markPrice))
      this.#fields.refuse(line, `${field}[2]`, markPrice, 'must be a price above zero, or null')
    return {
      venue: this.#fields.text(line, `${field}[0]`, venue),
      symbol: this.#fields.text(line, `${field}[1]`, symbol),
      markPrice: markPrice as Decimal | null,
      eventTimeMs: this.#fields.time(line, `${field}[3]`, eventTimeMs),
      fundingRate:
        rate === null || rate === undefined ? undefined : this.#fields.decimal(line, `${field}[4]`, rate),
      nextFundingTimeMs:
        nextTimeMs === null || nextTimeMs === undefined
          ? undefined
          : this.#fields.time(line, `${field}[5]`, nextTimeMs),
      markSource: source === undefined ? undefined : this.#source(line, `${field}[6]`, source),
    }
  }

  #source(line: number, field: string, value: unknown): MarkSource {
    const read = markSourceSchema.safeParse(value)
    if (!read.success)
      this.#fields.refuse(line, field, value, `must be one of ${markSourceSchema.options.join(', ')}`)
    return read.data
  }
}
