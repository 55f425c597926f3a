import type { Account, MarginMode, VenueId } from './account.ts'
import type { WorkerCounters } from './counters.ts'
import type { Decimal } from './decimal.ts'
import type { LevelName } from './level.ts'
import type { MarginState } from './margin.ts'
import type { MarketFeed } from './market-feed.ts'

/** Margin accounts of one page at most. */
export const PAGE_MARGIN_ACCOUNTS_MAX = 1_000

/** Which margin accounts to list. What is absent does not restrict them. */
export interface MarginAccountQuery {
  /** Those at one of these: a warning level, `0` for safe, `1` for breach; `unknown` for those without a verdict. */
  readonly levels?: readonly (LevelName | 'unknown')[]
  readonly venue?: VenueId
  /** Those with a position in this symbol. */
  readonly symbol?: string
  /** `next` of the page before. */
  readonly after?: string
  /** 1 to PAGE_MARGIN_ACCOUNTS_MAX. */
  readonly limit: number
}

export interface MarginAccountLine {
  readonly id: string
  readonly account: string
  readonly venue: VenueId
  readonly marginMode: MarginMode
  readonly currency: string
  /** null without a verdict. */
  readonly level: LevelName | null
  /** Exact, to six digits; null without a verdict, and when the margin balance is not above zero. */
  readonly marginRatio: Decimal | null
}

/** Highest margin ratio first; those whose margin balance is not above zero before them, those without a verdict last. */
export interface MarginAccountPage {
  readonly lines: readonly MarginAccountLine[]
  /** Continues the list; null when nothing follows. */
  readonly next: string | null
}

/** How far a margin account is from its line. */
export interface Distant {
  /**
   * The largest equal relative move of all prices against the account that leaves it above its line, a fraction; null if no move
   * brings it there, beside a short option, and while a price is not known.
   */
  readonly distance: Decimal | null
}

/** One account at the marks of the moment. */
export interface AccountView {
  readonly account: Account
  /** Exact. Empty while the newest terms of the account cannot be used. */
  readonly marginAccounts: readonly (MarginState & Distant)[]
  readonly isSuspended: boolean
  /** Redis lost the account: these are the last terms that it had. */
  readonly isLost: boolean
}

export interface MarketView {
  readonly venue: VenueId
  readonly symbol: string
  /** As the venue printed it; null before the first mark, and while the market is stale. */
  readonly markPrice: Decimal | null
  /** Since the mark was stated or confirmed last, milliseconds; null before the first one. */
  readonly ageMs: number | null
  readonly isStale: boolean
  /** Margin accounts with a position here. */
  readonly marginAccounts: number
}

export interface LevelCount {
  readonly level: LevelName
  readonly marginAccounts: number
}

/**
 * What a screen, a page or a metric may know of the accounts that a worker watches. Every amount is exact. A long answer is
 * gathered in slices between instants, so that no tick waits for a reader; each slice shows the marks of its moment.
 */
export interface WatchlistReadModel {
  /** @throws RangeError for a limit outside of its range or a cursor that no page gave. */
  marginAccounts(query: MarginAccountQuery): Promise<MarginAccountPage>
  /**
   * At the prices of the moment at which it is asked for, gathered in slices. undefined when the account is not under watch.
   */
  account(id: string): Promise<AccountView | undefined>
  /**
   * Of one margin account, by its id and that of its account, without its state; in slices too. undefined when it is not under watch,
   * or while the newest terms of its account cannot be used.
   */
  distance(account: string, marginAccount: string): Promise<Distant | undefined>
  /** Those with a margin account that is judged, in the order in which the first position came. */
  markets(): readonly MarketView[]
  /** undefined when no margin account that is judged has a position there. */
  market(venue: string, symbol: string): MarketView | undefined
  /**
   * Margin accounts by level, `0` is safe, the line comes last; levels that accounts carry stand before it. Those without a
   * verdict are in none. Gathered in slices.
   */
  levels(): Promise<readonly LevelCount[]>
}

/** What a screen, a page or a metric may know of a worker. */
export interface ReadModel extends WatchlistReadModel {
  /** How the mark of every market in the book comes. */
  feeds(): readonly MarketFeed[]
  counters(): WorkerCounters
}
