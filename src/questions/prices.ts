import type { Decimal, InstrumentRules, VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  type FurtherPrices,
  type MarginAccount,
  type MarkOf,
  type RuledPosition,
  reasonAgainstOptionPrice,
} from '../margin/index.ts'
import { isCurrency } from './currencies.ts'
import { type MissingPrice, missingPricesOf } from './missing-prices.ts'
import type { CoinsByVenue } from './moved-coins.ts'
import { leavesPrice, type Move, Moves, moved } from './moves.ts'
import { type PresentPrices, statedMarksOf } from './present-prices.ts'

/** An index price that a question supposes to be another one. */
export interface MovedIndexPrice {
  readonly asset: string
  /** null if the present one is not known. */
  readonly before: Decimal | null
  readonly price: Decimal
}

/** What is held of an instrument whose mark decides. */
export interface HeldMark {
  readonly isOption: boolean
  /** Whether a position is held in it; false of what is the underlying of an option only. */
  readonly hasEntry: boolean
}

/** An option in which a position is held. */
export interface HeldOption extends Pick<RuledPosition, 'position' | 'rules'> {
  readonly venue: VenueId
}

/**
 * Prices of margin accounts: the present ones, with moves. Where the underlying of an option moves, the mark of the option is not
 * known, unless a move states it by name: it follows from no price that is known.
 */
export class Prices {
  readonly #present: PresentPrices
  readonly #moves: Moves
  readonly #movedCoinsOf: () => CoinsByVenue
  #movedCoins: CoinsByVenue | undefined
  readonly #marks = new Map<VenueId, MarkOf>()
  readonly #further: FurtherPrices

  /** `movedCoinsOf`: those of the whole book, since options on them are worth something else. Asked for with the first option. */
  constructor(
    present: PresentPrices,
    moves: ReadonlyMap<string, Move> = new Map(),
    movedCoinsOf: () => CoinsByVenue = () => new Map(),
  ) {
    this.#present = present
    this.#movedCoinsOf = movedCoinsOf
    this.#moves = new Moves(moves)
    const { indexPrices, fundingRates } = present
    this.#further = {
      indexPriceOf: remembered((asset) => moved(this.#moves.ofIndexPrice(asset), indexPrices.get(asset))),
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
    const options = positions.filter(({ rules }) => rules.option !== undefined)
    const marks = this.#movedMarks(venue, positions)
    if (options.length === 0) return marks
    const presentMarkOf = this.#presentMarks(venue, positions)
    const ofOptions = new Map<string, Decimal | undefined>()
    for (const option of options) {
      const { symbol } = option.position
      const isOpen = this.#isLeftOpen(venue, option, presentMarkOf)
      ofOptions.set(
        symbol,
        isOpen ? undefined : moved(this.#moves.ofMarkByName(symbol), presentMarkOf(symbol)),
      )
    }
    return (symbol) => (ofOptions.has(symbol) ? ofOptions.get(symbol) : marks(symbol))
  }

  /** The index price of an asset, if it is known and moves; undefined otherwise. */
  movedIndexPriceOf(asset: string): MovedIndexPrice | undefined {
    const before = this.#present.indexPrices.get(asset) ?? null
    const move = this.#moves.ofIndexPrice(asset)
    const price = move && moved(move, before ?? undefined)
    if (price === undefined || leavesPrice(move, before ?? undefined)) return undefined
    return { asset, before, price }
  }

  /**
   * The mark before and after the moves, if it moves; undefined otherwise, and where it is not known. null stands for the entry price
   * of each position, and what follows from it.
   */
  supposedMarkOf(
    venue: VenueId,
    symbol: string,
    { isOption, hasEntry }: HeldMark,
  ): { readonly before: Decimal | null; readonly price: Decimal | null } | undefined {
    const move = isOption ? this.#moves.ofMarkByName(symbol) : this.#moves.ofMark(symbol)
    const before = this.#statedMarks(venue)(symbol)
    if (leavesPrice(move, before)) return undefined
    const price = moved(move, before)
    const isKnown = price !== undefined || (hasEntry && this.#present.isFromEntry)
    return isKnown ? { before: before ?? null, price: price ?? null } : undefined
  }

  /**
   * @throws PlimsollError MARK_INVALID for a mark that the option cannot have, as it is stated or as a move of its name brings it. An
   * entry price is no mark that can be compared with those of one moment.
   */
  refuseImpossibleMark({ venue, position: { symbol }, rules }: HeldOption): void {
    const { underlying } = rules.option!
    const statedMarkOf = this.#statedMarks(venue)
    const stated = statedMarkOf(symbol)
    refuseImpossible(
      rules,
      stated,
      statedMarkOf(underlying),
      () => `the present mark of ${symbol} at ${venue} is ${stated}`,
    )
    const move = this.#moves.ofMarkByName(symbol)
    if (move === undefined) return
    const price = moved(move, stated)
    const underlyingPrice = moved(this.#moves.ofMark(underlying), statedMarkOf(underlying))
    refuseImpossible(rules, price, underlyingPrice, () => `a move brings the mark of ${symbol} to ${price}`)
  }

  isMarkKept(venue: VenueId, symbol: string): boolean {
    const move = this.#moves.ofMarkByName(symbol)
    return move !== undefined && leavesPrice(move, this.#statedMarks(venue)(symbol))
  }

  isIndexPriceKept(asset: string): boolean {
    const move = this.#moves.ofIndexPriceByName(asset)
    return move !== undefined && leavesPrice(move, this.#present.indexPrices.get(asset))
  }

  /** Whether a move of every price is that of the mark. */
  isMarkOfEveryMove(symbol: string, { isOption }: HeldMark): boolean {
    return !isOption && this.#moves.ofMarkByName(symbol) === undefined
  }

  /** Whether a move of every price is that of the index price. */
  isIndexPriceOfEveryMove(asset: string): boolean {
    return !isCurrency(asset) && this.#moves.ofIndexPriceByName(asset) === undefined
  }

  missingOf(marginAccount: MarginAccount): MissingPrice[] {
    const { venue, formula } = marginAccount
    const { positions } = formula
    const presentMarkOf = this.#presentMarks(venue, positions)
    const underlyingOf = new Map<string, string>()
    for (const option of positions) {
      if (!this.#isLeftOpen(venue, option, presentMarkOf)) continue
      underlyingOf.set(option.position.symbol, option.rules.option!.underlying)
    }
    return missingPricesOf(marginAccount, this.marksOf(marginAccount), this.#further).map((price) => {
      const underlying = price.kind === 'mark' ? underlyingOf.get(price.name) : undefined
      return underlying === undefined ? price : { ...price, underlying }
    })
  }

  /** Whether moves change the underlying of an option or, at its venue, its coin, and none states the mark of the option. */
  #isLeftOpen(venue: VenueId, { position, rules }: RuledPosition, presentMarkOf: MarkOf): boolean {
    const { option, baseAsset } = rules
    if (option === undefined || this.#moves.ofMarkByName(position.symbol) !== undefined) return false
    const { underlying } = option
    if (!leavesPrice(this.#moves.ofMark(underlying), presentMarkOf(underlying))) return true
    if (this.#moves.ofMarkByName(underlying) !== undefined || baseAsset === undefined) return false
    this.#movedCoins ??= this.#movedCoinsOf()
    return this.#movedCoins.get(venue)?.has(baseAsset) === true
  }

  /** Of instruments that are no options. */
  #movedMarks(venue: VenueId, positions: readonly RuledPosition[]): MarkOf {
    let known = this.#marks.get(venue)
    if (known === undefined) {
      const statedMarkOf = this.#statedMarks(venue)
      known = remembered((symbol) => moved(this.#moves.ofMark(symbol), statedMarkOf(symbol)))
      this.#marks.set(venue, known)
    }
    const markOf = known
    if (!this.#present.isFromEntry) return markOf
    return (symbol) => markOf(symbol) ?? moved(this.#moves.ofMark(symbol), entryPriceOf(positions, symbol))
  }

  #presentMarks(venue: VenueId, positions: readonly RuledPosition[]): MarkOf {
    const statedMarkOf = this.#statedMarks(venue)
    if (!this.#present.isFromEntry) return statedMarkOf
    return (symbol) => statedMarkOf(symbol) ?? entryPriceOf(positions, symbol)
  }

  #statedMarks(venue: VenueId): MarkOf {
    return statedMarksOf(this.#present, venue)
  }
}

/** `what`: where the price comes from. */
function refuseImpossible(
  rules: InstrumentRules,
  price: Decimal | undefined,
  underlyingPrice: Decimal | undefined,
  what: () => string,
): void {
  const reason = price === undefined ? undefined : reasonAgainstOptionPrice(rules, price, underlyingPrice)
  if (reason !== undefined) throw new PlimsollError('MARK_INVALID', `${what()}: ${reason}`)
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
