// The rules of a position that states the greatest leverage its venue keeps for it (Hyperliquid).
import type { InstrumentRules, Position, RiskTier } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { checkRules } from './exact-rules.ts'
import {
  add,
  compare,
  div,
  max,
  mul,
  parseDecimal,
  parseRate,
  powerOfTen,
  type Rational,
  reduce,
  sub,
  ZERO,
} from './rational.ts'
import { parseCap } from './tiers.ts'

/** Most leverages kept of one table. A further one clears the list first. */
export const LEVERAGES_OF_A_TABLE_MAX = 256

const known = new WeakMap<InstrumentRules, Map<string, InstrumentRules>>()

/**
 * The rules by which a position is judged. Its own `maxLeverage` gives the rate of the first tier, also where it is above that
 * of the table, and bounds the leverage of each further one; deductions follow, so that the margin does not jump at a cap. The
 * same object for the same leverage, so that positions share their tiers.
 * @throws PlimsollError RULES_INVALID as `checkRules`.
 */
export function ownRulesOf(
  { symbol, maxLeverage }: Pick<Position, 'symbol' | 'maxLeverage'>,
  rules: InstrumentRules,
): InstrumentRules {
  const { maintenance, maintenanceShare } = rules
  if (maxLeverage === undefined || maintenanceShare === undefined) return rules
  checkRules(symbol, rules)
  assert(maintenance.kind === 'marginal-tiers', `the rules of ${symbol} have tiers`)
  const own = div(parseRate(maintenanceShare), parseDecimal(maxLeverage))
  const { tiers } = maintenance
  const first = parseRate(tiers[0]!.maintenanceMarginRate)
  if (compare(own, first) === 0) return rules
  const ofTable = known.get(rules) ?? new Map<string, InstrumentRules>()
  known.set(rules, ofTable)
  const made = ofTable.get(maxLeverage)
  if (made !== undefined) return made
  if (ofTable.size >= LEVERAGES_OF_A_TABLE_MAX) ofTable.clear()
  const assumption = `${symbol} states maxLeverage ${maxLeverage}, which is not that of the table; the venue does not say how the further tiers apply: in the first its own holds, in each other one the smaller`
  const ownRules: InstrumentRules = {
    ...rules,
    maintenance: { ...maintenance, tiers: ownTiersOf(tiers, own) },
    ...(tiers.length === 1 ? {} : { assumptions: [...(rules.assumptions ?? []), assumption] }),
  }
  ofTable.set(maxLeverage, ownRules)
  return ownRules
}

function ownTiersOf(tiers: readonly RiskTier[], own: Rational): RiskTier[] {
  let deduction = ZERO
  let below = own
  return tiers.map(({ cap, maintenanceMarginRate }, index) => {
    const rate = index === 0 ? own : max(own, parseRate(maintenanceMarginRate))
    if (index > 0) deduction = add(deduction, mul(parseCap(tiers[index - 1]!.cap), sub(rate, below)))
    below = rate
    return { cap, maintenanceMarginRate: textOf(rate), maintenanceDeduction: textOf(deduction) }
  })
}

/** Most digits after the point that a decimal may have. */
const DECIMALS_MAX = 18

/** A fraction, whose parts may have any number of digits: over a power of ten where the decimal ends, so that it stays plain. */
function textOf(rate: Rational): string {
  const { n, d } = reduce(rate)
  for (let decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
    const over = n * powerOfTen(decimals)
    if (over % d === 0n) return decimals === 0 ? `${over / d}` : `${over / d}/${powerOfTen(decimals)}`
  }
  return `${n}/${d}`
}
