import type { Decimal, RiskTier } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  add,
  compare,
  formatDecimal,
  mul,
  ONE,
  parseDecimal,
  parseRate,
  powerOfTen,
  type Rational,
  sub,
} from './rational.ts'

/** Most digits before the point for `parseDecimal`; a cap may have more. */
const WHOLE_DIGITS_MAX = 15

/** The exact value of a cap. Its grammar was checked when it entered the program. */
export function parseCap(cap: Decimal): Rational {
  const point = cap.indexOf('.')
  const beyond = (point < 0 ? cap.length : point) - WHOLE_DIGITS_MAX
  if (beyond <= 0) return parseDecimal(cap)
  const high = mul(parseDecimal(cap.slice(0, beyond)), { n: powerOfTen(WHOLE_DIGITS_MAX), d: 1n })
  return add(high, parseDecimal(cap.slice(beyond)))
}

/** A `RiskTier` in exact numbers. */
export interface ExactTier {
  readonly cap: Rational
  readonly maintenanceMarginRate: Rational
  readonly maintenanceDeduction: Rational
}

export interface TierChecks {
  /** True for whole tables of a venue, which start at deduction 0. A part of a table, which a user may give, need not. */
  readonly firstDeductionZero?: boolean
}

/**
 * Exact tiers of a marginal table. Refuses with RULES_INVALID, naming the row, a table whose caps do not
 * rise, whose rates fall or pass 1, or whose deductions break Dₙ = Dₙ₋₁ + capₙ₋₁·(rateₙ − rateₙ₋₁), the recurrence
 * that makes maintenance continuous at every cap (Bybit mmDeduction, Binance cum).
 */
export function exactTiers(
  symbol: string,
  tiers: readonly RiskTier[],
  checks: TierChecks = {},
): readonly ExactTier[] {
  const exact = tiers.map((tier) => ({
    cap: parseCap(tier.cap),
    maintenanceMarginRate: parseRate(tier.maintenanceMarginRate),
    maintenanceDeduction: parseRate(tier.maintenanceDeduction),
  }))
  if (checks.firstDeductionZero === true && exact[0]?.maintenanceDeduction.n !== 0n) {
    refuse(symbol, tiers, 0, 'maintenanceDeduction', 'the first tier of a whole table must have 0')
  }
  exact.forEach((tier, index) => {
    if (compare(tier.maintenanceMarginRate, ONE) <= 0) return
    refuse(symbol, tiers, index, 'maintenanceMarginRate', 'a fraction of at most 1 is expected')
  })
  for (let index = 1; index < exact.length; index++) checkStep(symbol, tiers, exact, index)
  return exact
}

/** Only checks, as `exactTiers` does; for venue tables when they are loaded. */
export function checkTiers(symbol: string, tiers: readonly RiskTier[], checks: TierChecks = {}): void {
  exactTiers(symbol, tiers, checks)
}

function checkStep(
  symbol: string,
  tiers: readonly RiskTier[],
  exact: readonly ExactTier[],
  index: number,
): void {
  const below = exact[index - 1]!
  const tier = exact[index]!
  if (compare(tier.cap, below.cap) <= 0) {
    refuse(symbol, tiers, index, 'cap', `it must be above the cap before it, ${formatDecimal(below.cap)}`)
  }
  if (compare(tier.maintenanceMarginRate, below.maintenanceMarginRate) < 0) {
    const rate = formatDecimal(below.maintenanceMarginRate)
    refuse(symbol, tiers, index, 'maintenanceMarginRate', `it must not be below the rate before it, ${rate}`)
  }
  const rateStep = sub(tier.maintenanceMarginRate, below.maintenanceMarginRate)
  const due = deductionAfter(below, rateStep)
  if (compare(tier.maintenanceDeduction, due) !== 0) {
    const rule = 'deduction before + cap before·(rate − rate before)'
    refuse(symbol, tiers, index, 'maintenanceDeduction', `the recurrence ${rule} gives ${formatDecimal(due)}`)
  }
}

function refuse(
  symbol: string,
  tiers: readonly RiskTier[],
  index: number,
  field: keyof RiskTier,
  rule: string,
): never {
  const path = `tiers[${index}].${field}`
  throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${tiers[index]?.[field]}, ${rule}`, {
    path,
  })
}

const convexity = new WeakMap<readonly ExactTier[], boolean>()

/** Whether the maintenance margin is convex in the notional: it does not jump at a cap, and no rate falls. */
export function maintenanceIsConvex(tiers: readonly ExactTier[]): boolean {
  let isConvex = convexity.get(tiers)
  if (isConvex === undefined) {
    isConvex = tiers.every((tier, index) => index === 0 || continues(tiers[index - 1]!, tier))
    convexity.set(tiers, isConvex)
  }
  return isConvex
}

function continues(below: ExactTier, tier: ExactTier): boolean {
  const rateStep = sub(tier.maintenanceMarginRate, below.maintenanceMarginRate)
  return rateStep.n >= 0n && compare(tier.maintenanceDeduction, deductionAfter(below, rateStep)) === 0
}

/** The deduction that the recurrence gives to the tier above. */
function deductionAfter(below: ExactTier, rateStep: Rational): Rational {
  return add(below.maintenanceDeduction, mul(below.cap, rateStep))
}

/** Index of the tier of a notional: the first whose cap is not below it, the last for all above. */
export function tierIndexAt(tiers: readonly ExactTier[], notional: Rational): number {
  let low = 0
  let high = tiers.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(notional, tiers[middle]!.cap) <= 0) high = middle
    else low = middle + 1
  }
  return low
}
