import {
  ACCOUNT_ID_LENGTH_MAX,
  type Account,
  ASSET_PATTERN,
  COLLATERAL_ASSETS_MAX,
  type Collateral,
  DECIMAL_PATTERN,
  POSITIONS_PER_ACCOUNT_MAX,
  type Position,
  PRICE_PATTERN,
  SYMBOL_PATTERN,
  type VenueNames,
} from '../domain/index.ts'
import { hasRepeatedAsset, hasRepeatedPosition } from './stored-account.ts'

/**
 * Reads the account `id` from a stored text that has exactly the form in which the book writes accounts: its order of fields,
 * no spaces, no escapes, every value inside its grammar. undefined for any other text, valid or not.
 */
export type ReadText = (id: string, text: string) => Account | undefined

/** Symbols of which the reader keeps one text each. A further one empties the list first. */
const SYMBOLS_MAX = 65_536

const DECIMAL = sourceOf(DECIMAL_PATTERN)
const PRICE = sourceOf(PRICE_PATTERN)
const SYMBOL = sourceOf(SYMBOL_PATTERN)
const ASSET = sourceOf(ASSET_PATTERN)
/** The characters of an id that JSON writes without an escape. */
const ID = `[!#-\\[\\]-~]{1,${ACCOUNT_ID_LENGTH_MAX}}`
/** At most 15 digits, which a JavaScript number holds exactly. */
const VERSION = '0|[1-9][0-9]{0,14}'
/** From AS_OF_MIN_MS to AS_OF_MAX_MS. */
const AS_OF = '[1-9][0-9]{12}'

// No grammar takes a quote or a backslash, so each value ends where JSON ends it.
const START = part(
  `\\{"version":(${VERSION}),"id":"(${ID})","venue":"([a-z0-9\\-]+)"(?:,"asOfMs":(${AS_OF}))?,"collateral":\\[`,
)
const COLLATERAL = part(`\\{"asset":"(${ASSET})","amount":"(${DECIMAL})"\\}`)
const BETWEEN = part('\\](?:,"separateWallets":(true|false))?,"positions":\\[')
const POSITION = part(
  `\\{"symbol":"(${SYMBOL})","marginMode":"(?:(cross)|isolated)","size":"(${DECIMAL})","entryPrice":"(${PRICE})"` +
    `(?:,"leverage":"(${PRICE})")?(?:,"isolatedMargin":"(${DECIMAL})")?\\}`,
)
const END = '],"liabilities":[]}'
const COMMA = ','.charCodeAt(0)
const OBJECT_START = '{'.charCodeAt(0)

/**
 * Takes no account that `accountIn` would not take from the same text, and gives the same one: without JSON.parse in a quarter
 * of the time (three positions: 1.9 and 7.4 µs).
 */
export function textReader(venues: VenueNames): ReadText {
  const reader = new TextReader(venues)
  return (id, text) => reader.read(id, text)
}

class TextReader {
  readonly #venues: VenueNames
  readonly #symbols = new Map<string, string>()
  #text = ''
  /** Before it everything is read. */
  #at = 0

  constructor(venues: VenueNames) {
    this.#venues = venues
  }

  read(id: string, text: string): Account | undefined {
    this.#text = text
    this.#at = 0
    const start = this.#take(START)
    if (start === null || start[2] !== id) return undefined
    const venue = this.#venues.get(start[3]!)
    if (venue === undefined || venue !== start[3]) return undefined
    const collateral = this.#collateral()
    const between = collateral && this.#take(BETWEEN)
    const positions = between && this.#positions()
    if (!positions || !this.#isAtEnd || isRefused(collateral, positions)) return undefined
    const version = Number(start[1])
    // In the order of the text.
    const named =
      start[4] === undefined ? { version, id, venue } : { version, id, venue, asOfMs: Number(start[4]) }
    return between[1] === undefined
      ? { ...named, collateral, positions, liabilities: [] }
      : { ...named, collateral, separateWallets: between[1] === 'true', positions, liabilities: [] }
  }

  #collateral(): Collateral[] | undefined {
    const collateral: Collateral[] = []
    if (!this.#isNext(OBJECT_START)) return collateral
    do {
      const entry = this.#take(COLLATERAL)
      if (entry === null) return undefined
      collateral.push({ asset: entry[1]!, amount: entry[2]! })
    } while (this.#takeComma())
    return collateral
  }

  #positions(): Position[] | undefined {
    const positions: Position[] = []
    if (!this.#isNext(OBJECT_START)) return positions
    do {
      const entry = this.#take(POSITION)
      const position = entry === null ? undefined : this.#positionOf(entry)
      if (position === undefined) return undefined
      positions.push(position)
    } while (this.#takeComma())
    return positions
  }

  #positionOf(entry: RegExpExecArray): Position | undefined {
    const leverage = entry[5]
    const isolatedMargin = entry[6]
    const isCross = entry[2] !== undefined
    if (isCross ? isolatedMargin !== undefined : (isolatedMargin ?? leverage) === undefined) return undefined
    const position: Position = {
      symbol: this.#symbolOf(entry[1]!),
      marginMode: isCross ? 'cross' : 'isolated',
      size: entry[3]!,
      entryPrice: entry[4]!,
    }
    if (leverage !== undefined) position.leverage = leverage
    if (isolatedMargin !== undefined) position.isolatedMargin = isolatedMargin
    return position
  }

  /** A text of its own: a part of an account's text keeps all of it in memory, and the worker keeps the symbols of its markets. */
  #symbolOf(found: string): string {
    const known = this.#symbols.get(found)
    if (known !== undefined) return known
    const own = Buffer.from(found).toString()
    if (this.#symbols.size >= SYMBOLS_MAX) this.#symbols.clear()
    this.#symbols.set(own, own)
    return own
  }

  #take(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at
    const match = form.exec(this.#text)
    if (match !== null) this.#at = form.lastIndex
    return match
  }

  #takeComma(): boolean {
    const isComma = this.#isNext(COMMA)
    if (isComma) this.#at++
    return isComma
  }

  #isNext(character: number): boolean {
    return this.#text.charCodeAt(this.#at) === character
  }

  get #isAtEnd(): boolean {
    return this.#at + END.length === this.#text.length && this.#text.endsWith(END)
  }
}

function isRefused(collateral: readonly Collateral[], positions: readonly Position[]): boolean {
  return (
    collateral.length > COLLATERAL_ASSETS_MAX ||
    positions.length > POSITIONS_PER_ACCOUNT_MAX ||
    hasRepeatedAsset(collateral) ||
    hasRepeatedPosition(positions)
  )
}

/** A form that is sought at one place only. `u`: characters are counted as the patterns of the domain count them. */
function part(source: string): RegExp {
  return new RegExp(source, 'uy')
}

/** What a pattern for a whole text says between its ends. */
function sourceOf({ source }: RegExp): string {
  return source.slice(1, -1)
}
