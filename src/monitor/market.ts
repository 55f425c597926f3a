import { type Contradiction, type Decimal, type MarkSource, ownText, type VenueId } from '../domain/index.ts'
import type { Doubt } from '../integrity/index.ts'
import type { HeardMinute } from './heard-minute.ts'

/** A mark at one moment. Events that are made later are made from it. */
export interface SeenMark {
  readonly symbol: string
  /** undefined when no mark is known. */
  readonly markPrice: Decimal | undefined
  /** Of the next payment; undefined when none is known. */
  readonly fundingRate: Decimal | undefined
  readonly eventTimeMs: number
  readonly receivedMonotonicMs: number
  /** What stands for it where the venue publishes none; absent for the venue's own. */
  readonly markSource?: MarkSource | undefined
  /** What is doubtful of it. */
  readonly doubt: Doubt | undefined
  /** Number of its market, where other venues will say whether it is off scale and have not yet; undefined otherwise. */
  readonly uncompared: number | undefined
  /** Terms of the contract that the venue states otherwise than the rules; then no mark is known. */
  readonly contradictions: readonly Contradiction[]
}

/** One market: its last mark as exact text, and the times that events state. */
export interface Market {
  readonly venue: VenueId
  readonly symbol: string
  readonly instrument: number
  /** Empty before the first mark and while the market is stale. */
  markText: Decimal
  /** The last mark in f64, correctly rounded; NaN before the first one. */
  markValue: number
  /** The last mark, stale or not; empty before the first one. */
  lastMarkText: Decimal
  /** What stands for that mark; undefined for the venue's own. */
  markSource: MarkSource | undefined
  /** The last funding rate that came with a mark; undefined before the first one. */
  fundingRate: Decimal | undefined
  /** The next funding time that is not recorded, as the venue announced it; 0 if none is known. */
  nextFundingTimeMs: number
  /** The last rate that was announced for it. */
  nextFundingRate: Decimal | undefined
  /** Up to when the funding of the market is recorded; 0 before the venue has said anything of it. */
  fundingCoveredMs: number
  eventTimeMs: number
  /** When the mark was last stated or confirmed; 0 before the first one. */
  receivedMonotonicMs: number
  /** The same on the wall clock; before the first mark, the time of the first position. */
  receivedTimeMs: number
  isStale: boolean
  /** The extremes of the marks that were evaluated in the minute of the last one. */
  readonly heard: HeardMinute
  /** The venue's time of the mark behind which others may not have been heard; 0 where none is missing. */
  gapFromMs: number
  /** What is doubtful of the mark; undefined of an accepted one, and without a mark. */
  doubt: Doubt | undefined
  /** Whether other venues will say whether the mark is off scale, and have not yet; false without a mark. */
  isUncompared: boolean
  /** When the contract ended, Unix milliseconds; 0 while it has not. From then on the market is stale. */
  expiredMs: number
  /** Whether that was no expiry: the venue does not list it any more, which was found then. */
  isDelisted: boolean
  /** Terms that the venue states otherwise than the rules. While there are any the market is stale. */
  contradictions: readonly Contradiction[]
  /** Margin accounts with a row here; 0 when nobody holds the market. `Markets.join` and `leave` count them. */
  marginAccounts: number
  /** The margin account that `marginAccounts` counted last, so that its second row here is not counted; −1 when it has left. */
  lastCounted: number
  /** What is published of the market. `stale`: that it has no mark; `expired`: that it will have none, or `delisted` says why. */
  readonly published: {
    episode: number
    sequence: number
    stale: boolean
    expired: boolean
    delisted: boolean
    /** With which it is published as contradicted; none where it is not. */
    contradictions: readonly Contradiction[]
  }
  /** The present mark as an object, made when it is first asked for. */
  seen: SeenMark | undefined
  /** The instant in which the present mark came. */
  sinceInstant: number
  /** Earlier marks that are kept for findings, oldest first. */
  readonly past: PastMark[]
}

/** A mark that was in force until the instant of that number began. */
export interface PastMark {
  readonly untilInstant: number
  readonly seen: SeenMark
}

/** Whether a margin account that is judged has a position in the market. */
export function isHeld({ marginAccounts }: Market): boolean {
  return marginAccounts > 0
}

/** The present mark, to be kept. All callers get one object until the next mark. */
export function seenMark(market: Market): SeenMark {
  const { symbol, markText, fundingRate, eventTimeMs, receivedMonotonicMs } = market
  const { doubt, isUncompared, instrument, markSource, contradictions } = market
  market.seen ??= {
    symbol,
    markPrice: ownText(markText) || undefined,
    fundingRate: fundingRate && ownText(fundingRate),
    eventTimeMs,
    receivedMonotonicMs,
    doubt,
    uncompared: isUncompared ? instrument : undefined,
    markSource,
    contradictions,
  }
  return market.seen
}
