import type { Decimal, VenueId } from '../domain/index.ts'
import { DECIMAL_PATTERN, isPrice } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  add,
  compare,
  div,
  type FurtherPrices,
  formatDecimal,
  fundingSymbolsOf,
  indexAssetsOf,
  type MarginAccount,
  type MarkOf,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  type RuledPosition,
  sign,
  symbolsOf,
} from '../margin/index.ts'
import { isCurrency } from './currencies.ts'

/** What is supposed of a price: that it is another one, or this many times the present one. */
export type Move = { readonly price: Decimal } | { readonly times: Rational }
/** Name of the move of every mark, and of every index price of an asset that is no currency, that has no move of its own. */
export const EVERY_PRICE = '*'

const HUNDRED = parseDecimal('100')

/** Present prices. Marks by symbol hold at every venue but where the venue has its own. Index prices are by asset. */
export interface PresentPrices {
  readonly marks: ReadonlyMap<string, Decimal>
  readonly marksByVenue: ReadonlyMap<VenueId, ReadonlyMap<string, Decimal>>
  readonly indexPrices: ReadonlyMap<string, Decimal>
  readonly fundingRates: ReadonlyMap<string, Decimal>
  /** Take the entry price of a position as the present mark where no mark is stated. */
  readonly isFromEntry: boolean
}

/** An index price that a question supposes to be another one. */
export interface MovedIndexPrice {
  readonly asset: string
  /** null if the present one is not known. */
  readonly before: Decimal | null
  readonly price: Decimal
}

/** A price that decides about a margin account and is not known. */
export interface MissingPrice {
  readonly kind: 'mark' | 'index price' | 'funding rate'
  /** Venue of a mark or a rate. */
  readonly venue: VenueId
  /** The symbol; of an index price the asset. */
  readonly name: string
}

/**
 * Reads `BTCUSDT=55000` or `ETHUSDT=-12%`. A change in percent leaves a price above zero.
 * @throws PlimsollError USAGE
 */
export function parseMove(text: string): readonly [name: string, move: Move] {
  const at = text.lastIndexOf('=')
  const stated = text.slice(at + 1)
  const name = text.slice(0, Math.max(0, at))
  if (name !== '' && isPrice(stated) && name !== EVERY_PRICE) return [name, { price: stated }]
  const percent = stated.endsWith('%') ? stated.slice(0, -1).replace(/^\+/, '') : ''
  if (name !== '' && DECIMAL_PATTERN.test(percent)) {
    const times = add(ONE, div(parseDecimal(percent), HUNDRED))
    if (sign(times) > 0) return [name, { times }]
  }
  const rule =
    'a move is SYMBOL=PRICE, such as BTCUSDT=55000, or SYMBOL=CHANGE%, such as ETHUSDT=-12%; *=-10% moves every other price; a price stays above zero'
  throw new PlimsollError('USAGE', `${JSON.stringify(text)}: ${rule}`)
}

/** Prices of margin accounts: the present ones, with moves. */
export class Prices {
  readonly #present: PresentPrices
  readonly #moves: ReadonlyMap<string, Move>
  readonly #marks = new Map<VenueId, MarkOf>()
  readonly #further: FurtherPrices

  constructor(present: PresentPrices, moves: ReadonlyMap<string, Move> = new Map()) {
    this.#present = present
    this.#moves = moves
    const { indexPrices, fundingRates } = present
    this.#further = {
      indexPriceOf: remembered((asset) => moved(this.#indexMoveOf(asset), indexPrices.get(asset))),
      fundingRateOf: (symbol) => fundingRates.get(symbol),
    }
  }

  get further(): FurtherPrices {
    return this.#further
  }

  marksOf({ venue, formula }: MarginAccount): MarkOf {
    return this.marksFor(venue, formula.positions)
  }

  marksFor(venue: VenueId, positions: readonly RuledPosition[]): MarkOf {
    const known = this.#venueMarks(venue)
    if (!this.#present.isFromEntry) return known
    return (symbol) => known(symbol) ?? this.#moved(symbol, entryPriceOf(positions, symbol))
  }

  /** The index price of an asset, if it is known and moves; undefined otherwise. */
  movedIndexPriceOf(asset: string): MovedIndexPrice | undefined {
    const before = this.#present.indexPrices.get(asset) ?? null
    const move = this.#indexMoveOf(asset)
    const price = move && moved(move, before ?? undefined)
    if (price === undefined || (before !== null && isSame(before, price))) return undefined
    return { asset, before, price }
  }

  missingOf(marginAccount: MarginAccount): MissingPrice[] {
    return missingPricesOf(marginAccount, this.marksOf(marginAccount), this.#further)
  }

  #venueMarks(venue: VenueId): MarkOf {
    let marks = this.#marks.get(venue)
    if (marks === undefined) {
      const { marks: everywhere, marksByVenue } = this.#present
      const own = marksByVenue.get(venue)
      marks = remembered((symbol) => this.#moved(symbol, own?.get(symbol) ?? everywhere.get(symbol)))
      this.#marks.set(venue, marks)
    }
    return marks
  }

  #moved(symbol: string, present: Decimal | undefined): Decimal | undefined {
    return moved(this.#moves.get(symbol) ?? this.#moves.get(EVERY_PRICE), present)
  }

  #indexMoveOf(asset: string): Move | undefined {
    return this.#moves.get(asset) ?? (isCurrency(asset) ? undefined : this.#moves.get(EVERY_PRICE))
  }
}

/** The prices without which the margin account has no verdict. */
export function missingPricesOf(
  { venue, formula }: MarginAccount,
  markOf: MarkOf,
  { indexPriceOf, fundingRateOf }: FurtherPrices,
): MissingPrice[] {
  const missing: MissingPrice[] = []
  for (const name of symbolsOf(formula)) {
    if (markOf(name) === undefined) missing.push({ kind: 'mark', venue, name })
  }
  const { pool } = formula
  for (const name of pool === undefined ? [] : indexAssetsOf(pool)) {
    if (indexPriceOf?.(name, pool!.currency) === undefined) missing.push({ kind: 'index price', venue, name })
  }
  for (const name of fundingSymbolsOf(formula)) {
    if (fundingRateOf?.(name) === undefined) missing.push({ kind: 'funding rate', venue, name })
  }
  return missing
}

/** A price stays above zero, also one that a fall rounds away. */
const PRICE_MIN: Decimal = '0.000000000000000001'

function moved(move: Move | undefined, present: Decimal | undefined): Decimal | undefined {
  if (move === undefined) return present
  if ('price' in move) return move.price
  if (present === undefined) return undefined
  const price = formatDecimal(mul(parseDecimal(present), move.times))
  return parseDecimal(price).n === 0n ? PRICE_MIN : price
}

function isSame(left: Decimal, right: Decimal): boolean {
  return compare(parseDecimal(left), parseDecimal(right)) === 0
}

function entryPriceOf(positions: readonly RuledPosition[], symbol: string): Decimal | undefined {
  return positions.find(({ position }) => position.symbol === symbol)?.position.entryPrice
}

function remembered(priceOf: MarkOf): MarkOf {
  const known = new Map<string, Decimal | undefined>()
  return (name) => {
    const price = known.get(name)
    if (price !== undefined || known.has(name)) return price
    const found = priceOf(name)
    known.set(name, found)
    return found
  }
}
