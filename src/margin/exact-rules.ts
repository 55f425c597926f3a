import type { Decimal, InstrumentRules, RiskTier } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, parseDecimal, type Rational } from './rational.ts'
import { type ExactTier, exactTiers } from './tiers.ts'

/** A higher fee rate is refused: it is a percentage given as a fraction, because venues' taker fees are below 0.001. */
export const TAKER_FEE_RATE_MAX: Decimal = '0.05'

/** The rules of an instrument in exact numbers. */
export interface ExactRules {
  /** Whether the contribution is linear in the mark price; otherwise it is linear in its reciprocal. */
  readonly isLinear: boolean
  readonly multiplier: Rational
  readonly takerFeeRate: Rational
  /** Both rounded once, for the kernel. */
  readonly multiplierF64: number
  readonly takerFeeRateF64: number
  readonly tiers: readonly ExactTier[]
}

const exactRulesCache = new WeakMap<InstrumentRules, ExactRules>()

/**
 * Refuses rules that this version cannot compute with RULES_INVALID; the path is inside the rules. It computes the
 * contributions `linear` and `inverse` under `marginal-tiers`, without rounding.
 */
export function checkRules(symbol: string, rules: InstrumentRules): void {
  exactRulesOf(symbol, rules)
}

/** Returns the same object for the same rules, so that the curves of one instrument share their tiers. */
export function exactRulesOf(symbol: string, rules: InstrumentRules): ExactRules {
  const cached = exactRulesCache.get(rules)
  if (cached !== undefined) return cached
  const exact = {
    isLinear: rules.contribution === 'linear',
    multiplier: parseDecimal(rules.multiplier),
    takerFeeRate: parseDecimal(rules.takerFeeRate),
    multiplierF64: Number(rules.multiplier),
    takerFeeRateF64: Number(rules.takerFeeRate),
    tiers: exactTiers(symbol, computedTiersOf(symbol, rules)),
  }
  if (compare(exact.takerFeeRate, parseDecimal(TAKER_FEE_RATE_MAX)) > 0) {
    const rule = `a fraction of at most ${TAKER_FEE_RATE_MAX} is expected`
    refuse(symbol, 'takerFeeRate', rules.takerFeeRate, rule)
  }
  exactRulesCache.set(rules, exact)
  return exact
}

const UNCOMPUTED_FIELDS = [
  'maintenancePrice',
  'maintenanceShare',
  'initial',
  'fundingInMaintenance',
  'option',
] as const

/** The marginal tiers of the rules. Refuses by name what the schema accepts and this version does not compute. */
function computedTiersOf(symbol: string, rules: InstrumentRules): readonly RiskTier[] {
  const { contribution, maintenance, rounding } = rules
  if (contribution !== 'linear' && contribution !== 'inverse') {
    refuse(symbol, 'contribution', contribution, 'linear and inverse are supported')
  }
  if (maintenance.kind !== 'marginal-tiers') {
    refuse(symbol, 'maintenance.kind', maintenance.kind, 'marginal-tiers is supported')
  }
  const basis = contribution === 'linear' ? 'notional' : 'coin'
  if (maintenance.basis !== basis) {
    const rule = `${basis} is supported where contribution is ${contribution}`
    refuse(symbol, 'maintenance.basis', maintenance.basis, rule)
  }
  if (rounding !== undefined) {
    refuse(symbol, 'rounding', JSON.stringify(rounding), 'rules without rounding are supported')
  }
  const { closingFee } = rules
  if (closingFee === 'at-mark' || closingFee === 'at-cost') {
    refuse(symbol, 'closingFee', closingFee, 'none and at-bankruptcy-price are supported')
  }
  for (const field of UNCOMPUTED_FIELDS) {
    const value = rules[field]
    if (value !== undefined) refuse(symbol, field, JSON.stringify(value), 'rules without it are supported')
  }
  return maintenance.tiers
}

function refuse(symbol: string, path: string, value: string, rule: string): never {
  throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${value}, ${rule}`, { path })
}
