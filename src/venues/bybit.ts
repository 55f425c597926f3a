import {
  type EffectiveRules,
  type InstrumentRules,
  marginalTiers,
  type Venue,
  venueId,
} from '../domain/index.ts'
import { ruleBookOfEntries } from '../rules/index.ts'
import {
  coinOf,
  expiryMsOf,
  INVERSE_SYMBOL,
  LINEAR_SYMBOL,
  MARK_RULE_FROM,
  RULE_OF_ENTRY,
  settlementAssetOf,
  TAKER_FEE_RATE,
} from './bybit-contracts.ts'
import { bybitMarkHistory } from './bybit-mark-history.ts'
import { bybitStream } from './bybit-stream.ts'
import { BYBIT_TIERS } from './bybit-tiers.ts'
import { bybitImport } from './imports/bybit.ts'
import { bybitInstruments } from './instruments/bybit.ts'

const BYBIT = venueId('bybit')

const linear = bybitStream('bybit-linear', 'wss://stream.bybit.com/v5/public/linear', LINEAR_SYMBOL)
const inverse = bybitStream('bybit-inverse', 'wss://stream.bybit.com/v5/public/inverse', INVERSE_SYMBOL)

const entries = new Map<string, readonly EffectiveRules[]>()
for (const [symbol, { asOf, tiers }] of BYBIT_TIERS) {
  // Inverse contracts are one US dollar each, linear ones one unit of the coin: both a multiplier of 1.
  const contribution = INVERSE_SYMBOL.test(symbol) ? 'inverse' : 'linear'
  const rules: InstrumentRules = {
    contribution,
    multiplier: '1',
    settlementAsset: settlementAssetOf(symbol),
    takerFeeRate: TAKER_FEE_RATE,
    maintenance: marginalTiers(contribution, tiers),
    ...(asOf === undefined ? {} : { asOf }),
  }
  entries.set(symbol, entriesOf(rules))
}

/** A table that the venue stated under its older rule was in force under both. */
function entriesOf(rules: InstrumentRules): readonly EffectiveRules[] {
  const source = '/v5/market/risk-limit'
  const fromMs = Number.NEGATIVE_INFINITY
  if (rules.asOf === undefined || rules.asOf >= MARK_RULE_FROM) return [{ fromMs, rules, source }]
  return [
    { fromMs, rules: { ...rules, ...RULE_OF_ENTRY }, source },
    { fromMs: Date.parse(MARK_RULE_FROM), rules, source },
  ]
}

/**
 * Bybit, unified trading account. Margin rules of July 2025: maintenance margin is computed from the mark value and
 * includes the taker fee of closing at the bankruptcy price. Reaching the liquidation price liquidates.
 */
export const bybit: Venue = {
  id: BYBIT,
  names: [BYBIT, 'bybit-linear', 'bybit-inverse'],
  symbol: new RegExp(`${LINEAR_SYMBOL.source}|${INVERSE_SYMBOL.source}`, 'u'),
  expiryMsOf,
  sources: [linear, inverse],
  markHistory: [bybitMarkHistory],
  instruments: bybitInstruments,
  rulesImport: bybitImport,
  ruleBook: ruleBookOfEntries({
    venue: BYBIT,
    version: 'bybit-linear-2026-08-inverse-2023-08-16',
    defaults: {
      closingFee: 'at-bankruptcy-price',
      liquidation: 'reached',
      venueRatio: { cross: 'maintenance-over-balance' },
      initialAtEntry: 'isolated',
      tiersPerLiquidationStep: 1,
      coinOf,
      // "Total MM also contains MM of borrowings" (trading rules of the unified account).
      debtMargin: 'by-asset',
      hedgedAssumption:
        'Bybit does not state the maintenance margin of a long and a short in one contract: each is margined in full, which may warn early',
      // Taken from the position margin if the available balance is insufficient (help centre, "Funding Fee").
      funding: { perpetual: /(?:USD[TC]?|PERP)$/, payment: 'at-mark', isolated: 'wallet-first' },
    },
    symbols: () => entries.keys(),
    entriesOf: (symbol) => entries.get(symbol) ?? [],
  }),
}
