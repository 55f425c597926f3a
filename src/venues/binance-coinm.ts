import { type EffectiveRules, marginalTiers } from '../domain/index.ts'
import { tierTables } from '../rules/index.ts'
import { isNumberedDay } from './expiry.ts'

/** US dollars of one COIN-M contract of the coin. */
export function coinmContractSizeOf(coin: string): string {
  return coin === 'BTC' ? '100' : '10'
}

/**
 * Quantity brackets of Binance COIN-M by pair, in the coin. Source: the COIN-M leverage FAQ (caps and rates of the first
 * seven levels, confirmed by two worked examples there), which has no date. The FAQ ends there: beyond 400 BTC the venue
 * demands more than the last level says.
 */
const COINM_TIERS = tierTables({
  BTCUSD: {
    tiers: `
  5 0.004 0
  10 0.005 0.005
  20 0.01 0.055
  50 0.025 0.355
  100 0.05 1.605
  200 0.1 6.605
  400 0.125 11.605
`,
  },
})

/** By pair, as in the venue's brackets: BTCUSD for BTCUSD_PERP and every dated contract. */
const coinmEntries = new Map<string, readonly EffectiveRules[]>()
for (const [pair, { tiers }] of COINM_TIERS) {
  const settlementAsset = pair.slice(0, -'USD'.length)
  const multiplier = coinmContractSizeOf(settlementAsset)
  const maintenance = marginalTiers('inverse', tiers)
  const rules = {
    contribution: 'inverse',
    multiplier,
    settlementAsset,
    takerFeeRate: '0',
    maintenance,
  } as const
  coinmEntries.set(pair, [{ fromMs: Number.NEGATIVE_INFINITY, rules, source: 'COIN-M leverage FAQ' }])
}

/** The perpetual of every pair with brackets; the dated contracts of the pair share them. */
export function coinmSymbols(): Iterable<string> {
  return [...coinmEntries.keys()].map((pair) => `${pair}_PERP`)
}

/** The brackets of a COIN-M contract by its symbol, such as BTCUSD_PERP; none for a day that does not exist. */
export function coinmEntriesOf(symbol: string): readonly EffectiveRules[] {
  const [pair = '', expiry = ''] = symbol.split('_')
  return expiry === 'PERP' || isNumberedDay(expiry) ? (coinmEntries.get(pair) ?? []) : []
}
