import type { Decimal, InstrumentRules } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, parseDecimal, type Rational } from './rational.ts'
import { type ExactTier, exactTiers } from './tiers.ts'

/** A fee rate above this is a percentage taken for a fraction: venues' taker fees are below 0.001. */
export const TAKER_FEE_RATE_MAX: Decimal = '0.05'

/** The rules of an instrument in exact numbers. */
export interface ExactRules {
  readonly multiplier: Rational
  readonly takerFeeRate: Rational
  readonly tiers: readonly ExactTier[]
}

const exactRulesCache = new WeakMap<InstrumentRules, ExactRules>()

/** Refuses rules that cannot be computed with, as `marginAccountsOf` would: RULES_INVALID, path inside the rules. */
export function checkRules(symbol: string, rules: InstrumentRules): void {
  exactRulesOf(symbol, rules)
}

/** One object for each object of rules, so that the curves of one instrument share their tiers. */
export function exactRulesOf(symbol: string, rules: InstrumentRules): ExactRules {
  const cached = exactRulesCache.get(rules)
  if (cached !== undefined) return cached
  const exact = {
    multiplier: parseDecimal(rules.multiplier),
    takerFeeRate: parseDecimal(rules.takerFeeRate),
    tiers: exactTiers(symbol, rules.tiers),
  }
  if (compare(exact.takerFeeRate, parseDecimal(TAKER_FEE_RATE_MAX)) > 0) {
    throw new PlimsollError(
      'RULES_INVALID',
      `takerFeeRate of ${symbol} is ${rules.takerFeeRate}, a fraction of at most ${TAKER_FEE_RATE_MAX} is expected`,
      { path: 'takerFeeRate' },
    )
  }
  exactRulesCache.set(rules, exact)
  return exact
}
