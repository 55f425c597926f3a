import { binance } from './binance.ts'
import { bitmex } from './bitmex.ts'
import { bybit } from './bybit.ts'
import { cme } from './cme.ts'
import { coinbase } from './coinbase.ts'
import { deribit } from './deribit.ts'
import { dydx } from './dydx.ts'
import type { VenueFormula } from './formula.ts'
import { hyperliquid } from './hyperliquid.ts'
import { kraken } from './kraken.ts'
import { okx } from './okx.ts'

export type { Figures, Prices, VenueFormula } from './formula.ts'

export const VENUE_FORMULAS: Readonly<Record<string, VenueFormula>> = {
  binance,
  bitmex,
  bybit,
  cme,
  coinbase,
  deribit,
  dydx,
  hyperliquid,
  kraken,
  okx,
}
