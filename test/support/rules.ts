import { type InstrumentRules, instrumentRulesSchema, type RiskTier } from '../../src/domain/index.ts'

/** The short form of rules, as a rules file gives it; a linear contract in USDT where nothing else is said. */
export interface ShortRules {
  readonly kind?: 'linear' | 'inverse'
  readonly settle?: string
  readonly multiplier?: string
  readonly takerFeeRate?: string
  readonly asOf?: string
  readonly closingFee?: InstrumentRules['closingFee']
  readonly liquidation?: InstrumentRules['liquidation']
  readonly tiers: readonly RiskTier[]
}

export function rulesFrom(short: ShortRules): InstrumentRules {
  return instrumentRulesSchema.parse({ kind: 'linear', settle: 'USDT', ...short })
}

/** Spot margin in dollars, as Kraken's: a level of 40 % of the used margin. */
export const USED_MARGIN: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  takerFeeRate: '0',
  settlementAsset: 'USD',
  maintenance: { kind: 'used-margin', share: '0.4' },
  initial: { kind: 'used-margin', share: '1' },
}

/** The marginal tiers of rules. */
export function tiersOf({ maintenance }: InstrumentRules): readonly RiskTier[] {
  if (maintenance.kind !== 'marginal-tiers') throw new Error(`${maintenance.kind} has no marginal tiers`)
  return maintenance.tiers
}
