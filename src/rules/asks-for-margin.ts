import type { InstrumentRules } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { parseRate } from '../margin/index.ts'

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
 * No venue asks for nothing: a 0 in a table of one is a field that is not filled, and the account would have no line.
 * @throws PlimsollError RULES_INVALID, naming field, value and rule.
 */
export function checkAsksForMargin(symbol: string, rules: InstrumentRules): void {
  for (const [path, rate] of leastRatesOf(rules)) {
    if (parseRate(rate).n !== 0n) continue
    const rule = 'more than zero is expected, since the venue would ask for no maintenance margin'
    throw new PlimsollError('RULES_INVALID', `${path} of ${symbol} is ${rate}, ${rule}`, { path })
  }
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
