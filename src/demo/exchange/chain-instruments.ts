import { venueId } from '../../domain/index.ts'
import { ruleBookOf } from '../../venues/index.ts'
import type { DemoInstrument } from './instrument.ts'
import { listedInstrument } from './listed-instrument.ts'

const HYPERLIQUID = venueId('hyperliquid')
const HYPERLIQUID_COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'SUI', 'ARB', 'OP', '1000PEPE']

/** Contracts of exchanges on chains. */
export function chainInstruments(): DemoInstrument[] {
  return [...hyperliquid(), ...dydx()]
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

/** Coins and margin fractions of the liquidity tiers of the chain's genesis. */
const LIQUIDITY_TIERS = [
  { coins: ['BTC', 'ETH'], initialRate: '0.02', share: '0.6' },
  { coins: ['SOL', 'XRP', 'DOGE', 'ADA', 'AVAX', 'LINK'], initialRate: '0.05', share: '0.6' },
  { coins: ['APT', 'SUI'], initialRate: '0.1', share: '0.5' },
] as const

/** A share of the initial margin, each of the two in whole quantums. */
function dydx(): DemoInstrument[] {
  const quantum = '0.000001'
  return LIQUIDITY_TIERS.flatMap(({ coins, initialRate, share }) =>
    coins.map((coin) => {
      const listed = {
        symbol: `${coin}-USD`,
        coin,
        kind: 'linear',
        settlementAsset: 'USDC',
        multiplier: '1',
        leverageMax: Math.round(1 / Number(initialRate)),
      } as const
      return listedInstrument(venueId('dydx'), 'dydx-indexer', listed, {
        takerFeeRate: '0',
        maintenance: { kind: 'initial-share', initialRate, share },
        initial: { kind: 'open-interest', rate: initialRate, lowerCap: '0', upperCap: '0' },
        rounding: { unit: quantum, per: 'position' },
        closingFee: 'none',
        liquidation: 'passed',
      })
    }),
  )
}
