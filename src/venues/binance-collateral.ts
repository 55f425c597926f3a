import type { CollateralRules } from '../domain/index.ts'
import { bufferedRules } from './imports/binance-collateral.ts'

/** Collateral ratios of multi-assets mode, less 1: the buffers of the bid side. */
const BID_BUFFERS: Readonly<Record<string, readonly string[]>> = {
  '0.05': ['BTC', 'ETH', 'BNB'],
  '0.1': ['XRP', 'ADA', 'DOT', 'SOL'],
  '0.0001': ['USDT', 'USDC'],
}

/** The FAQ states no day but the year; counted from its first day no age is too low. */
const AS_OF = '2022-01-01'
const SOURCE = 'Binance FAQ of 2022, collateral ratios of multi-assets mode'
const ASSUMPTIONS = [
  'the ask buffers of multi-assets mode are as large as its bid buffers, as in samples of the asset index',
]

/** How assets count in multi-assets mode; of further assets the FAQ says nothing. */
export const multiAssets: ReadonlyMap<string, CollateralRules> = new Map(
  Object.entries(BID_BUFFERS).flatMap(([buffer, assets]) =>
    assets.map((asset) => {
      const rules = bufferedRules(buffer, buffer, AS_OF, { source: SOURCE, assumptions: ASSUMPTIONS })
      return [asset, rules] as const
    }),
  ),
)
