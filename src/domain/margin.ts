import type { MarginMode } from './account.ts'
import type { Decimal } from './decimal.ts'
import type { LevelName } from './level.ts'

export type Verdict = 'safe' | 'warning' | 'breach' | 'unknown'

/** Exact state of one position. Prices are null when no positive price exists; `unknown` marks leave null too. */
export interface PositionState {
  readonly symbol: string
  readonly size: Decimal
  readonly markPrice: Decimal | null
  readonly notional: Decimal | null
  readonly unrealizedPnl: Decimal | null
  readonly initialMargin: Decimal | null
  readonly maintenanceMargin: Decimal | null
  readonly liquidationPrice: Decimal | null
  readonly bankruptcyPrice: Decimal | null
}

/** Smallest top-up, or smallest reduction of one position, that brings the margin account back to `safe`. */
export interface Cure {
  readonly topUp: Decimal
  /** `size` is how much of the position to close, unsigned; null when closing it all is not enough. */
  readonly reductions: readonly { readonly symbol: string; readonly size: Decimal | null }[]
  /** Only of a pool: the same as `topUp` with each other asset of the pool; null when no amount of it is enough. */
  readonly topUps?: readonly { readonly asset: string; readonly amount: Decimal | null }[]
}

/** Exact state of one margin account: the unit that is liquidated as a whole. Money in the settlement asset. */
export interface MarginState {
  readonly id: string
  readonly marginMode: MarginMode
  readonly settle: string
  /** null of a pool over several currencies while an index price is not known. */
  readonly walletBalance: Decimal | null
  readonly unrealizedPnl: Decimal | null
  readonly marginBalance: Decimal | null
  readonly maintenanceMargin: Decimal | null
  /** maintenanceMargin / marginBalance; 1 is the line, higher is worse; null when marginBalance ≤ 0 or unknown. */
  readonly marginRatio: Decimal | null
  readonly verdict: Verdict
  /** Highest level reached: a warning level, `1` for a breach, null when safe or unknown. */
  readonly level: LevelName | null
  /** maintenanceMargin − marginBalance if positive, otherwise 0. */
  readonly shortfall: Decimal | null
  readonly positions: readonly PositionState[]
  readonly cure: Cure | null
}
