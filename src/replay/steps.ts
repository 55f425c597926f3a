import type { Account, VenueId } from '../domain/index.ts'
import type { LevelRule } from '../margin/index.ts'
import type { ReplayInstant } from './bars.ts'
import type { RecordedEntry } from './recording.ts'

/** What a replay takes, in its order: entries of a recording, or made of accounts and bars. */
export type ReplayStep =
  | Exclude<RecordedEntry, { kind: 'start' }>
  /** Another worker begins, which judges by this rule. */
  | { readonly kind: 'start'; readonly timeMs: number; readonly rule: LevelRule }

/** Accounts that are there from the start, and the prices of bars of one venue. */
export function* stepsOf(
  accounts: Iterable<Account>,
  venue: VenueId,
  startMs: number,
  instants: Iterable<ReplayInstant>,
): Generator<ReplayStep> {
  for (const account of accounts) yield { kind: 'change', timeMs: startMs, change: { kind: 'put', account } }
  yield { kind: 'loaded', timeMs: startMs }
  for (const { timeMs, marks, silent } of instants) {
    for (const symbol of silent) yield { kind: 'stale', timeMs, venue, symbol }
    const prices = marks.map(([symbol, markPrice]) => ({
      venue,
      symbol,
      markPrice,
      eventTimeMs: timeMs,
      fundingRate: undefined,
      nextFundingTimeMs: undefined,
    }))
    if (prices.length > 0) yield { kind: 'prices', timeMs, prices }
  }
}
