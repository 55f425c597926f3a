import type { Example, GoldenCase } from '../golden-case.ts'
import { BINANCE_CASES, BINANCE_EXAMPLES } from './binance.ts'
import { BITMEX_CASES, BITMEX_EXAMPLES } from './bitmex.ts'
import { BYBIT_CASES, BYBIT_EXAMPLES } from './bybit.ts'
import { CME_CASES, CME_EXAMPLES } from './cme.ts'
import { COINBASE_CASES, COINBASE_EXAMPLES } from './coinbase.ts'
import { DERIBIT_CASES, DERIBIT_EXAMPLES } from './deribit.ts'
import { DYDX_CASES, DYDX_EXAMPLES } from './dydx.ts'
import { HYPERLIQUID_CASES, HYPERLIQUID_EXAMPLES } from './hyperliquid.ts'
import { KRAKEN_CASES, KRAKEN_EXAMPLES } from './kraken.ts'
import { OKX_CASES, OKX_EXAMPLES } from './okx.ts'
import { SPOT_CASES, SPOT_EXAMPLES } from './spot-margin.ts'

/** Worked examples of a venue's documents and samples of its interfaces. */
export interface VenueDocuments {
  readonly name: string
  readonly file: string
  readonly cases: readonly GoldenCase[]
  /** Those of the cases that a line of `plimsoll margin` holds. */
  readonly examples: readonly Example[]
}

export const DOCUMENTS: readonly VenueDocuments[] = [
  { name: 'Binance', file: 'binance.ts', cases: BINANCE_CASES, examples: BINANCE_EXAMPLES },
  { name: 'BitMEX', file: 'bitmex.ts', cases: BITMEX_CASES, examples: BITMEX_EXAMPLES },
  { name: 'Bybit', file: 'bybit.ts', cases: BYBIT_CASES, examples: BYBIT_EXAMPLES },
  { name: 'CME', file: 'cme.ts', cases: CME_CASES, examples: CME_EXAMPLES },
  { name: 'Coinbase', file: 'coinbase.ts', cases: COINBASE_CASES, examples: COINBASE_EXAMPLES },
  { name: 'Deribit', file: 'deribit.ts', cases: DERIBIT_CASES, examples: DERIBIT_EXAMPLES },
  { name: 'dYdX', file: 'dydx.ts', cases: DYDX_CASES, examples: DYDX_EXAMPLES },
  { name: 'Hyperliquid', file: 'hyperliquid.ts', cases: HYPERLIQUID_CASES, examples: HYPERLIQUID_EXAMPLES },
  { name: 'Kraken Futures', file: 'kraken.ts', cases: KRAKEN_CASES, examples: KRAKEN_EXAMPLES },
  { name: 'OKX', file: 'okx.ts', cases: OKX_CASES, examples: OKX_EXAMPLES },
  {
    name: 'Spot margin of Kraken and Binance',
    file: 'spot-margin.ts',
    cases: SPOT_CASES,
    examples: SPOT_EXAMPLES,
  },
]
