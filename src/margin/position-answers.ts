// What a desk asks of one position beyond its state.
import type { Decimal } from '../domain/index.ts'
import type { MarginAccount } from './account.ts'
import { adlRankingOf } from './adl.ts'
import { type FurtherPrices, type Known, knownOf, type MarkOf } from './formula-figures.ts'
import { liquidationPriceOf } from './formula-prices.ts'
import { fundingEffectOf } from './funding.ts'
import { formatDecimal, parseDecimal, type Rational } from './rational.ts'
import { shareReductionOf } from './share-step.ts'
import { textOf } from './state-text.ts'
import { tierReductionOf } from './tier-step.ts'
import { venueLiquidationPrice } from './venue-price.ts'

/** Every figure is null where it does not exist; all of it is null while a price is not known. */
export interface PositionAnswers {
  /**
   * The liquidation price as the venue prints it, which may lie beside the line. Null where the venue does not say how it rounds, or
   * the rules state no `tickSize`.
   */
  readonly venueLiquidationPrice: Decimal | null
  /** The next funding at the marks, `payment` in the settlement asset; null without a rate. Options pay none. */
  readonly funding: {
    readonly payment: Decimal
    readonly liquidationPriceAfter: Decimal | null
  } | null
  /**
   * The part that the venue closes first when it liquidates, in units of size, where that brings the position into a lower tier;
   * null in the lowest one, and where the venue or the rules have no such step.
   */
  readonly nextTierReduction: Decimal | null
  /** The same where the venue closes a share of the position first; null where it closes the whole, or states no share. */
  readonly nextShareReduction: Decimal | null
  /** By which the venue ranks positions for auto-deleveraging, the highest first; null where it publishes no complete formula. */
  readonly adlRanking: Decimal | null
}

const UNKNOWN: PositionAnswers = {
  venueLiquidationPrice: null,
  funding: null,
  nextTierReduction: null,
  nextShareReduction: null,
  adlRanking: null,
}

/** In the order of the positions of the state. */
export function positionAnswersOf(
  { formula }: MarginAccount,
  markOf: MarkOf,
  further: FurtherPrices = {},
): readonly PositionAnswers[] {
  const known = knownOf(formula, markOf, further)
  return known === undefined ? formula.positions.map(() => UNKNOWN) : positionAnswersOfKnown(known, further)
}

/** The same at known prices. */
export function positionAnswersOfKnown(known: Known, further: FurtherPrices): readonly PositionAnswers[] {
  return known.formula.positions.map((_, place) => ({
    venueLiquidationPrice: textOf(printedPriceOf(known, place)),
    funding: fundingOf(known, place, further),
    nextTierReduction: textOf(tierReductionOf(known, place)),
    nextShareReduction: textOf(shareReductionOf(known, place)),
    adlRanking: textOf(adlRankingOf(known, place)),
  }))
}

function printedPriceOf(known: Known, place: number): Rational | undefined {
  const { position, rules, defaults } = known.formula.positions[place]!
  const { printedPrice } = defaults
  if (printedPrice === undefined || rules.tickSize === undefined) return undefined
  const price = liquidationPriceOf(known, position.symbol)
  if (price === undefined) return undefined
  if (printedPrice === 'tick-before' && position.marginMode === 'cross') return price
  const isLong = !position.size.startsWith('-')
  return venueLiquidationPrice(price, isLong, parseDecimal(rules.tickSize), printedPrice)
}

function fundingOf(
  known: Known,
  place: number,
  { fundingRateOf }: FurtherPrices,
): PositionAnswers['funding'] {
  const { position, rules } = known.formula.positions[place]!
  const rate = fundingRateOf?.(position.symbol)
  if (rate === undefined || rules.contribution === 'option') return null
  const { payment, liquidationPriceAfter } = fundingEffectOf(known, place, parseDecimal(rate))
  return { payment: formatDecimal(payment), liquidationPriceAfter: textOf(liquidationPriceAfter) }
}
