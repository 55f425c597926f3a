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

/** Worked examples of the venues' documents and samples of their interfaces. */
export const DOCUMENTS = {
  Binance: BINANCE_CASES,
  BitMEX: BITMEX_CASES,
  Bybit: BYBIT_CASES,
  CME: CME_CASES,
  Coinbase: COINBASE_CASES,
  Deribit: DERIBIT_CASES,
  dYdX: DYDX_CASES,
  Hyperliquid: HYPERLIQUID_CASES,
  'Kraken Futures': KRAKEN_CASES,
  OKX: OKX_CASES,
  'spot margin': SPOT_CASES,
}

/** Those of them that a line of `plimsoll margin` holds. */
export const EXAMPLES = [
  ...BINANCE_EXAMPLES,
  ...BITMEX_EXAMPLES,
  ...BYBIT_EXAMPLES,
  ...CME_EXAMPLES,
  ...COINBASE_EXAMPLES,
  ...DERIBIT_EXAMPLES,
  ...DYDX_EXAMPLES,
  ...HYPERLIQUID_EXAMPLES,
  ...KRAKEN_EXAMPLES,
  ...OKX_EXAMPLES,
  ...SPOT_EXAMPLES,
]
