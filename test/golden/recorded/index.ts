import type { GoldenCase } from '../golden-case.ts'
import { BRACKETS } from './brackets.ts'
import { DYDX_FUNDING, DYDX_LIQUIDATIONS, DYDX_MARGINS } from './dydx.ts'
import { HYPERLIQUID } from './hyperliquid.ts'
import { LIQUIDATION_PRICES } from './liquidation-prices.ts'
import { POSITIONS } from './positions.ts'

/** The rows of a file of ../shared/golden as cases. */
export interface RecordedRows {
  readonly name: string
  /** How many cases they make where the folder is beside the project; otherwise there are none. */
  readonly count: number
  readonly cases: readonly GoldenCase[]
}

export const RECORDED: readonly RecordedRows[] = [
  { name: 'recorded liquidation prices', count: 23, cases: LIQUIDATION_PRICES },
  { name: 'recorded positions', count: 11, cases: POSITIONS },
  { name: 'recorded positions of Hyperliquid', count: 11, cases: HYPERLIQUID },
  { name: 'dYdX liquidations', count: 21, cases: DYDX_LIQUIDATIONS },
  { name: 'dYdX margin requirements', count: 7, cases: DYDX_MARGINS },
  { name: 'dYdX funding', count: 7, cases: DYDX_FUNDING },
  { name: 'Binance brackets', count: 29, cases: BRACKETS },
]
