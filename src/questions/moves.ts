import { DECIMAL_PATTERN, type Decimal, isPrice } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  add,
  compare,
  div,
  formatDecimal,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  sign,
} from '../margin/index.ts'
import { isCurrency } from './currencies.ts'

/** What is supposed of a price: that it is another one, or this many times the present one. */
export type Move = { readonly price: Decimal } | { readonly times: Rational }
/**
 * Name of the move of every mark but those of options, and of every index price of an asset that is no currency, that has no
 * move of its own.
 */
export const EVERY_PRICE = '*'
/** Before the symbol of a mark, for a move of the mark alone: an asset may have the same name. */
export const MARK_PREFIX = 'mark:'
/** Before an asset, for a move of its index price alone: a contract may have the same name. */
export const INDEX_PREFIX = 'index:'

const HUNDRED = parseDecimal('100')

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

/** The symbol or asset that the name of a move names. */
export function nameOfMove(name: string): string {
  const prefix = [MARK_PREFIX, INDEX_PREFIX].find((kind) => name.startsWith(kind)) ?? ''
  return name.slice(prefix.length)
}

/** Moves by the names of prices. A name alone is that of a mark and of an index price; one with its kind goes before it. */
export class Moves {
  readonly #stated: ReadonlyMap<string, Move>

  constructor(stated: ReadonlyMap<string, Move> = new Map()) {
    this.#stated = stated
  }

  /** Of the mark of an instrument that is no option. */
  ofMark(symbol: string): Move | undefined {
    return this.ofMarkByName(symbol) ?? this.#stated.get(EVERY_PRICE)
  }

  ofMarkByName(symbol: string): Move | undefined {
    return this.#stated.get(`${MARK_PREFIX}${symbol}`) ?? this.#stated.get(symbol)
  }

  ofIndexPrice(asset: string): Move | undefined {
    return this.ofIndexPriceByName(asset) ?? (isCurrency(asset) ? undefined : this.#stated.get(EVERY_PRICE))
  }

  ofIndexPriceByName(asset: string): Move | undefined {
    return this.#stated.get(`${INDEX_PREFIX}${asset}`) ?? this.#stated.get(asset)
  }
}

/** A price stays above zero, also one that a fall rounds away. */
const PRICE_MIN: Decimal = '0.000000000000000001'

/** The price after a move; undefined where it is not known. */
export function moved(move: Move | undefined, present: Decimal | undefined): Decimal | undefined {
  if (move === undefined) return present
  if ('price' in move) return move.price
  if (present === undefined) return undefined
  const price = formatDecimal(mul(parseDecimal(present), move.times))
  return parseDecimal(price).n === 0n ? PRICE_MIN : price
}

/** Whether a move leaves a price where it is. Another price than one that is not known counts as a change. */
export function leavesPrice(move: Move | undefined, present: Decimal | undefined): boolean {
  if (move === undefined) return true
  if ('times' in move) return compare(move.times, ONE) === 0
  return present !== undefined && compare(parseDecimal(move.price), parseDecimal(present)) === 0
}
