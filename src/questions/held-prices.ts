import { type Decimal, KnownNames, type VenueId } from '../domain/index.ts'
import { type AccountFormula, indexAssetsOf } from '../margin/index.ts'
import { EVERY_PRICE, INDEX_PREFIX, MARK_PREFIX, nameOfMove } from './moves.ts'
import type { HeldMark, HeldOption, MovedIndexPrice, Prices } from './prices.ts'

/** Most marks that an answer lists. */
const MARKS_LISTED_MAX = 1_000

/** A mark that a question supposes to be another one. */
export interface MovedMark {
  readonly venue: VenueId
  readonly symbol: string
  /** null if the present one is not known, or is the entry price of each position. */
  readonly before: Decimal | null
  /** null if it follows from the entry price of each position. */
  readonly price: Decimal | null
}

/** A price that a move of its own name keeps where it is. */
export interface KeptPrice {
  readonly kind: 'mark' | 'index price'
  /** null of an index price. */
  readonly venue: VenueId | null
  /** The symbol; of an index price the asset. */
  readonly name: string
}

/** What the moves of a question do to the prices that its margin accounts depend on. */
export interface MovedPrices {
  readonly marksMoved: number
  /** By symbol and venue, the first MARKS_LISTED_MAX. */
  readonly marks: readonly MovedMark[]
  /** Those of pools, by asset. */
  readonly indexPrices: readonly MovedIndexPrice[]
  readonly kept: readonly KeptPrice[]
  /** Names of moves that concern no price of a margin account. */
  readonly unheld: readonly string[]
  /** By name of such a move, the names that it may mean; without those that are like none. */
  readonly similar: Readonly<Record<string, readonly string[]>>
}

/** The prices that margin accounts depend on, each once. */
export class HeldPrices {
  readonly #marks = new Map<VenueId, Map<string, HeldMark>>()
  readonly #indexAssets = new Set<string>()
  readonly #options = new Map<string, HeldOption>()

  add(venue: VenueId, { positions, pool }: Pick<AccountFormula, 'positions' | 'pool'>): void {
    let marks = this.#marks.get(venue)
    if (marks === undefined) {
      marks = new Map()
      this.#marks.set(venue, marks)
    }
    for (const { position, rules } of positions) {
      const { option } = rules
      if (marks.get(position.symbol)?.hasEntry !== true) {
        marks.set(position.symbol, { isOption: option !== undefined, hasEntry: true })
      }
      if (option !== undefined) this.#options.set(`${venue} ${position.symbol}`, { venue, position, rules })
      if (option !== undefined && !marks.has(option.underlying)) {
        marks.set(option.underlying, { isOption: false, hasEntry: false })
      }
    }
    if (pool !== undefined) for (const asset of indexAssetsOf(pool)) this.#indexAssets.add(asset)
  }

  /** @throws PlimsollError MARK_INVALID for the first option that cannot have its mark, as it is stated or as a move brings it. */
  refuseImpossibleMarks(prices: Prices): void {
    for (const option of this.#options.values()) prices.refuseImpossibleMark(option)
  }

  /** @param names Of all moves. */
  movedBy(prices: Prices, names: Iterable<string>): MovedPrices {
    const unheld = new Set(names)
    const marks: MovedMark[] = []
    const kept: KeptPrice[] = []
    for (const [venue, held] of this.#marks) {
      for (const [symbol, mark] of held) {
        unheld.delete(symbol)
        unheld.delete(`${MARK_PREFIX}${symbol}`)
        if (prices.isMarkOfEveryMove(symbol, mark)) unheld.delete(EVERY_PRICE)
        const supposed = prices.supposedMarkOf(venue, symbol, mark)
        if (supposed !== undefined) marks.push({ venue, symbol, ...supposed })
        else if (prices.isMarkKept(venue, symbol)) kept.push({ kind: 'mark', venue, name: symbol })
      }
    }
    const indexPrices: MovedIndexPrice[] = []
    for (const asset of [...this.#indexAssets].sort()) {
      unheld.delete(asset)
      unheld.delete(`${INDEX_PREFIX}${asset}`)
      if (prices.isIndexPriceOfEveryMove(asset)) unheld.delete(EVERY_PRICE)
      const supposed = prices.movedIndexPriceOf(asset)
      if (supposed !== undefined) indexPrices.push(supposed)
      else if (prices.isIndexPriceKept(asset)) kept.push({ kind: 'index price', venue: null, name: asset })
    }
    marks.sort(bySymbol)
    return {
      marksMoved: marks.length,
      marks: marks.slice(0, MARKS_LISTED_MAX),
      indexPrices,
      kept,
      unheld: [...unheld],
      similar: this.#similarTo(unheld),
    }
  }

  /** With the prefix that the move has. */
  #similarTo(unheld: Iterable<string>): Record<string, readonly string[]> {
    const marks = [...this.#marks.values()].flatMap((held) => [...held.keys()])
    const ofMarks = new KnownNames(() => new Set(marks), { withSlips: true })
    const ofIndexPrices = new KnownNames(() => this.#indexAssets, { withSlips: true })
    const ofAll = new KnownNames(() => new Set([...marks, ...this.#indexAssets]), { withSlips: true })
    const similar = [...unheld].map((move) => {
      const name = nameOfMove(move)
      const prefix = move.slice(0, move.length - name.length)
      const known = prefix === MARK_PREFIX ? ofMarks : prefix === INDEX_PREFIX ? ofIndexPrices : ofAll
      return [move, known.similarTo(name).map((meant) => `${prefix}${meant}`)] as const
    })
    return Object.fromEntries(similar.filter(([, names]) => names.length > 0))
  }
}

function bySymbol(left: MovedMark, right: MovedMark): number {
  const [one, other] = left.symbol === right.symbol ? [left.venue, right.venue] : [left.symbol, right.symbol]
  return one < other ? -1 : 1
}
