import type { Decimal, RiskTier } from '../../domain/index.ts'
import {
  abs,
  compare,
  div,
  floorTo,
  formatDecimal,
  ONE,
  parseCap,
  parseRate,
  type Rational,
  sign,
  sub,
  ZERO,
} from '../../margin/index.ts'
import { type Bracket, tiersOfBrackets } from '../../rules/index.ts'
import { refuse } from './body.ts'

/** A bracket with the deduction that the venue states beside it, and with where it begins, if it states them. */
export interface StatedBracket extends Bracket {
  readonly stated?: Decimal | undefined
  readonly from?: Decimal | undefined
}

/** Printed deductions are rounded to 8 decimals, and some are the sums of floating-point numbers. */
const DEDUCTION_TOLERANCE: Rational = { n: 1n, d: 100_000_000n }

/**
 * The tiers of brackets in any order; the deductions are those of the recurrence. Refuses a stated deduction that is
 * another one, naming its tier.
 */
export function marginalTiersOf(symbol: string, brackets: readonly StatedBracket[]): RiskTier[] {
  const sorted = byCap(brackets)
  refuseUneven(sorted, ZERO)
  const tiers = tiersOfBrackets(
    symbol,
    sorted.map(({ stated: _, from: __, ...bracket }) => bracket),
  )
  for (const [index, { cap, stated }] of sorted.entries()) {
    // A bracket without width makes no tier.
    if (stated === undefined || sorted[index - 1]?.cap === cap) continue
    const derived = tiers.find((tier) => tier.cap === cap)!.maintenanceDeduction
    const difference = abs(sub(parseRate(derived), parseRate(stated)))
    if (compare(difference, DEDUCTION_TOLERANCE) > 0) {
      refuse(
        `the tier up to ${cap} states the deduction ${stated}; the recurrence of the deductions gives ${derived}`,
      )
    }
  }
  return tiers
}

/** In the order of their caps, each once, as bodies that overlap repeat them. */
export function byCap<Tier extends { readonly cap: Decimal }>(tiers: readonly Tier[]): Tier[] {
  const distinct = new Map(tiers.map((tier) => [JSON.stringify(tier), tier]))
  return [...distinct.values()].sort((a, b) => compare(parseCap(a.cap), parseCap(b.cap)))
}

/** Refuses tiers of two tables in one: the same cap with two rates. */
export function refuseTwoRates(brackets: readonly Bracket[]): void {
  const rates = new Map<Decimal, string>()
  for (const { cap, maintenanceMarginRate } of brackets) {
    const other = rates.get(cap) ?? maintenanceMarginRate
    if (other !== maintenanceMarginRate) {
      refuse(`the bodies state the rates ${other} and ${maintenanceMarginRate} for the tier up to ${cap}`)
    }
    rates.set(cap, other)
  }
}

/** Refuses tiers of which the lowest does not begin at 0: a body with a part of a table says nothing of smaller positions. */
export function refuseGapBelow(lowest: Decimal | undefined): void {
  if (lowest === undefined || sign(parseCap(lowest)) !== 0) {
    refuse(`its lowest tier begins at ${lowest ?? 'no size'}: it must begin at 0`)
  }
}

/**
 * Refuses a gap below the lowest tier or between two, and tiers that overlap. Tiers in their order; where one of them does not
 * state where it begins, nothing is known. `stepMax`: how far above the cap of one the next may begin.
 */
export function refuseUneven(
  sorted: readonly { readonly cap: Decimal; readonly from?: Decimal | undefined }[],
  stepMax: Rational,
): void {
  if (sorted.some(({ from }) => from === undefined)) return
  refuseGapBelow(sorted[0]?.from)
  for (const [index, { from }] of sorted.entries()) {
    const below = sorted[index - 1]
    if (below === undefined) continue
    const step = sub(parseCap(from!), parseCap(below.cap))
    if (sign(step) < 0) refuse(`its tiers overlap: one ends at ${below.cap} and the next begins at ${from}`)
    if (compare(step, stepMax) > 0) {
      refuse(`its tiers have a gap between ${below.cap} and ${from}: a tier is missing`)
    }
  }
}

const LEVERAGE_STEP: Rational = { n: 1n, d: 100n }

/** The greatest leverage of an initial margin rate, rounded down to two decimals as venues print it. */
export function leverageOf(initialRate: Rational): Decimal {
  if (sign(initialRate) <= 0) refuse('an initial margin rate is 0: it must be above zero')
  return formatDecimal(floorTo(div(ONE, initialRate), LEVERAGE_STEP))
}
