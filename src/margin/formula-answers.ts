// What a desk asks of a margin account beyond its state.
import type { Decimal } from '../domain/index.ts'
import type { MarginAccount } from './account.ts'
import { distanceOfKnown } from './distance.ts'
import { coinMovesOf } from './formula-distance.ts'
import { type FurtherPrices, type Known, knownOf, type MarkOf } from './formula-figures.ts'
import { bothPricesOf } from './formula-prices.ts'
import { marginCallOf } from './margin-call.ts'
import { formatDecimal, type Rational } from './rational.ts'
import { textOf } from './state-text.ts'
import { venueRatioOf } from './venue-ratio.ts'

/** Every figure is null where it does not exist; all of it is null while a price is not known. */
export interface Answers {
  /** The ratio as the venue defines and prints it, which need not be `marginRatio`; null where it publishes none. */
  readonly venueMarginRatio: Decimal | null
  /** What has to be paid in to bring the account back to its initial margin; null where the venue does not call for it now. */
  readonly marginCall: Decimal | null
  /** The equal relative move of all prices against the account that brings it to its line, a fraction; 0 on and below it. */
  readonly distance: Decimal | null
  /** By symbol: the next prices below and above the mark at which the account is on its line, the other prices fixed. */
  readonly liquidationPrices: Readonly<
    Record<string, { below: Decimal | null; above: Decimal | null }>
  > | null
  /** For each coin: its relative move, alone, at which the account is on its line, and the marks after that move. */
  readonly ifOnly: readonly IfOnly[] | null
}

export interface IfOnly {
  readonly coin: string
  readonly change: Decimal | null
  readonly prices: Readonly<Record<string, Decimal>>
}

export function answersOf({ formula }: MarginAccount, markOf: MarkOf, further?: FurtherPrices): Answers {
  const known = knownOf(formula, markOf, further)
  if (known === undefined)
    return { venueMarginRatio: null, marginCall: null, distance: null, liquidationPrices: null, ifOnly: null }
  return answersOfKnown(known)
}

/** The same at known prices. */
export function answersOfKnown(known: Known): Answers {
  const symbols = [...new Set(known.formula.positions.map(({ position }) => position.symbol))]
  const prices = symbols.map((symbol) => {
    const { below, above } = bothPricesOf(known, symbol)
    return [symbol, { below: textOf(below), above: textOf(above) }] as const
  })
  return {
    venueMarginRatio: textOf(venueRatioOf(known)),
    marginCall: textOf(marginCallOf(known)),
    distance: textOf(distanceOfKnown(known)),
    liquidationPrices: Object.fromEntries(prices),
    ifOnly: coinMovesOf(known).map(({ coin, change, prices: moved }) => ({
      coin,
      change: textOf(change),
      prices: Object.fromEntries(
        [...moved].map(([symbol, price]: [string, Rational]) => [symbol, formatDecimal(price)]),
      ),
    })),
  }
}
