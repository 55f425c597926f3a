import type { InstrumentRules, RiskTier, WholeTier } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, mul, ONE, parseDecimal, parseRate } from '../margin/index.ts'

/** What the maintenance margin of a kind cannot do without: 0 would make it 0. */
const LEAST: ReadonlySet<string> = new Set([
  'size-rate base',
  'per-contract amount',
  'side-rates long',
  'side-rates short',
  'used-margin share',
  'initial-share initialRate',
  'initial-share share',
  'option-standard maintenanceRate',
])

/**
 * What only the table of a venue must hold. None asks for nothing: a 0 in it is a field that is not filled, and the account would
 * have no line. None asks for as much maintenance margin as initial margin, or for the whole value: such a rate is a percentage.
 * @throws PlimsollError RULES_INVALID, naming field, value and rule.
 */
export function checkAskedMargin(symbol: string, rules: InstrumentRules): void {
  for (const [path, rate] of leastRatesOf(rules)) {
    if (parseRate(rate).n !== 0n) continue
    const rule = 'more than zero is expected, since the venue would ask for no maintenance margin'
    throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${rate}, ${rule}`, { path })
  }
  const { maintenance } = rules
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return
  for (const [index, tier] of maintenance.tiers.entries()) {
    if (!asksForTooMuch(tier)) continue
    const { maintenanceMarginRate: rate, maxLeverage } = tier
    const path = `tiers[${index}].maintenanceMarginRate`
    const rule =
      maxLeverage === undefined
        ? 'a fraction below 1 is expected'
        : `which is not below 1/${maxLeverage}, the initial margin rate of its leverage`
    throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${rate}, ${rule}`, { path })
  }
}

/** Whether the maintenance margin would be at least the initial margin of the leverage, or the whole value. */
function asksForTooMuch({ maintenanceMarginRate, maxLeverage = '1' }: RiskTier | WholeTier): boolean {
  return compare(mul(parseRate(maintenanceMarginRate), parseDecimal(maxLeverage)), ONE) >= 0
}

function leastRatesOf({ maintenance, maintenanceShare }: InstrumentRules): (readonly [string, string])[] {
  const own = maintenanceShare === undefined ? [] : [['maintenanceShare', maintenanceShare] as const]
  if (maintenance.kind === 'marginal-tiers' || maintenance.kind === 'whole-tiers') {
    const rates = maintenance.tiers.map(
      ({ maintenanceMarginRate }, index) =>
        [`tiers[${index}].maintenanceMarginRate`, maintenanceMarginRate] as const,
    )
    return [...rates, ...own]
  }
  const fields = Object.entries(maintenance).filter(([field]) => LEAST.has(`${maintenance.kind} ${field}`))
  return [...fields.map(([field, rate]) => [`maintenance.${field}`, rate] as const), ...own]
}
