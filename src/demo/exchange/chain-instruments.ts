import { venueId } from '../../domain/index.ts'
import { ruleBookOf } from '../../venues/index.ts'
import type { DemoInstrument } from './instrument.ts'
import { listedInstrument } from './listed-instrument.ts'

const HYPERLIQUID = venueId('hyperliquid')
const HYPERLIQUID_COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'SUI', 'ARB', 'OP', '1000PEPE']

/** Contracts of exchanges on chains. */
export function chainInstruments(): DemoInstrument[] {
  return hyperliquid()
}

/** Marginal tiers, as the built-in book has them. */
function hyperliquid(): DemoInstrument[] {
  return HYPERLIQUID_COINS.map((coin) => {
    const symbol = coin.replace(/^1000/, 'k')
    const { asOf: _, ...rules } = ruleBookOf(HYPERLIQUID).rulesOf(symbol)!
    const { settlementAsset, multiplier, maintenance } = rules
    const leverageMax = 'tiers' in maintenance ? Number(maintenance.tiers[0]?.maxLeverage) : 1
    const listed = { symbol, coin, kind: 'linear', settlementAsset, multiplier, leverageMax } as const
    return listedInstrument(HYPERLIQUID, 'hyperliquid-public', listed, rules)
  })
}
