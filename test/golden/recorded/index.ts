import { BRACKETS } from './brackets.ts'
import { DYDX_FUNDING, DYDX_LIQUIDATIONS, DYDX_MARGINS } from './dydx.ts'
import { HYPERLIQUID } from './hyperliquid.ts'
import { LIQUIDATION_PRICES } from './liquidation-prices.ts'
import { POSITIONS } from './positions.ts'

/** The rows of ../shared/golden; none where that folder is not beside the project. */
export const RECORDED = {
  'recorded liquidation prices': LIQUIDATION_PRICES,
  'recorded positions': POSITIONS,
  'recorded positions of Hyperliquid': HYPERLIQUID,
  'dYdX liquidations': DYDX_LIQUIDATIONS,
  'dYdX margin requirements': DYDX_MARGINS,
  'dYdX funding': DYDX_FUNDING,
  'Binance brackets': BRACKETS,
}
