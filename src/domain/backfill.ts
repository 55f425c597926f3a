import type { Account } from './account.ts'
import type { Gap } from './gap.ts'
import type { LevelName } from './level.ts'
import type { MarkBar } from './venue.ts'

/** Terms of an account from a time on, Unix milliseconds; `account` is undefined while it was not in the book, `unknown` where nobody knows. */
export interface AccountVersion {
  readonly fromMs: number
  readonly account: Account | undefined | 'unknown'
}

/** Past prices by which the margin accounts of a market are to be judged. */
export interface BackfillRequest {
  readonly gap: Gap
  /** Starts of the minutes, ascending, each with a bar of the market. */
  readonly minutes: readonly number[]
  /** Bars by symbol, or name of an index price, and by minute: of the market, and of those that its margin accounts have beside it. */
  readonly bars: ReadonlyMap<string, ReadonlyMap<number, MarkBar>>
  /** Of accounts whose terms have changed since the gap began: ascending, the first from before it. The others are judged as they are. */
  readonly versions: ReadonlyMap<string, readonly AccountVersion[]>
  /** Margin account → levels that were published of it by prices of the gap. */
  readonly published: ReadonlyMap<string, readonly LevelName[]>
  /** Called when all margin accounts are judged, and their events wait to be published. */
  readonly done: (outcome: BackfillOutcome) => void
}

export interface BackfillOutcome {
  /** Margin accounts of which a level was found that had been missed. */
  readonly found: number
  /** Margin accounts of which a price, or their terms at that time, are not known. */
  readonly undecided: number
}
