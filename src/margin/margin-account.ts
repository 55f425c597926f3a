import type { MarginMode, VenueId } from '../domain/index.ts'
import type { AccountFormula } from './account-formulas.ts'
import type { Curve } from './curve.ts'
import type { Kept } from './kept.ts'
import type { Leg } from './leg.ts'
import type { Rational } from './rational.ts'

/** The unit that is liquidated as a whole, as curves. Money is in its currency. */
export interface MarginAccount {
  /** Made by `marginAccountId`. */
  readonly id: string
  /** Id of its account. */
  readonly account: string
  readonly accountVersion: number
  readonly venue: VenueId
  readonly marginMode: MarginMode
  /** The asset in which its positions settle. */
  readonly currency: string
  /** As the venue displays it: the wallet of a cross pool, the margin assigned to an isolated position. */
  readonly walletBalance: Rational
  /** What enters the margin balance: the wallet, or the isolated margin as the venue's formula credits it. */
  readonly constant: Rational
  readonly legs: readonly Leg[]
  /** All that moves with a price: the curves of the legs, in the order of the legs. */
  readonly curves: readonly Curve[]
  readonly liquidation: 'reached' | 'passed'
  /** Version of the rule book. */
  readonly ruleBook: string
  /** Start of the day, UTC, of the oldest rules of its legs; null when the day of any is not known. */
  readonly rulesAsOfMs: number | null
  /** What the venue does not state and its rules assume, in words. */
  readonly assumptions: readonly string[]
  /** Whether straight pieces of one price say what the account is. Otherwise it has no legs and no curves. */
  readonly isPlain: boolean
  readonly formula: AccountFormula
  /** Keeps its terms over one denominator after their first use; without it they are made at every use. */
  readonly terms?: Kept<unknown>
}

export interface Evaluation {
  readonly marginBalance: Rational
  readonly unrealizedPnl: Rational
  readonly maintenanceMargin: Rational
}
