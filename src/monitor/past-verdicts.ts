import {
  type AccountVersion,
  type BackfillRequest,
  MARK_BAR_MS,
  type RuleBook,
  type VenueId,
} from '../domain/index.ts'
import {
  indexNamesOf,
  type LevelRule,
  type MarginAccount,
  marginAccountOf,
  type Steps,
  symbolsOf,
} from '../margin/index.ts'
import type { WatchedTerms } from './applied-funding.ts'
import type { Markets } from './markets.ts'
import { type MissedLevel, missedLevelSteps, type PastAccount } from './missed-level.ts'
import type { Watchlist } from './watchlist.ts'

/** A level was found where each of several markets is at the worse extreme of its minute, which may not have come at one moment. */
const OF_EXTREMES = 'backfill-extremes'
/** The account was changed in the minute in which a level was found, and its price may have come before or after. */
const OF_CHANGED_MINUTE = 'backfill-change'

export interface Missed extends MissedLevel {
  /** Undefined where they are those of the present. */
  readonly terms: WatchedTerms | undefined
  readonly isInChangedMinute: boolean
}

/** A margin account, under watch or not any more, as its past is judged. */
export interface PastSubject {
  readonly id: string
  readonly venue: VenueId
  readonly book: RuleBook
  readonly rule: LevelRule
  /** The level of the rule at which it stands. */
  readonly level: number
}

/** Finds the levels that margin accounts reached at prices of the past, by the terms that they had. */
export class PastVerdicts {
  readonly #watchlist: Watchlist
  readonly #markets: Markets

  constructor(watchlist: Watchlist, markets: Markets) {
    this.#watchlist = watchlist
    this.#markets = markets
  }

  /** By the terms of the present. */
  *presentSteps(
    request: BackfillRequest,
    subject: PastSubject,
    exact: MarginAccount,
    above: number,
  ): Steps<Missed | undefined | 'unknown'> {
    if (this.#isContradicted(exact)) return 'unknown'
    const missed = yield* missedLevelSteps(this.#pastOf(subject, exact), request, request.minutes, above)
    if (missed === undefined || missed === 'unknown') return missed
    return { ...missed, terms: undefined, isInChangedMinute: false }
  }

  /** By the terms that were in force in each minute; in one with a change, by those before it and after it. */
  *versionSteps(
    request: BackfillRequest,
    subject: PastSubject,
    versions: readonly AccountVersion[],
    above: number,
  ): Steps<Missed | undefined | 'unknown'> {
    const { id, book } = subject
    const { funding } = this.#watchlist
    let worst: Missed | undefined
    let isUnknown = false
    for (const [index, { fromMs, account }] of versions.entries()) {
      const untilMs = versions[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY
      const minutes = request.minutes.filter((minute) => minute < untilMs && minute + MARK_BAR_MS > fromMs)
      if (account === undefined || minutes.length === 0) continue
      if (account === 'unknown') {
        isUnknown = true
        continue
      }
      if (account.venue !== subject.venue) continue
      const terms = funding.funded(account, book, funding.last)
      const exact = marginAccountOf(terms, id, book)
      if (exact === undefined) continue
      if (this.#isContradicted(exact)) return 'unknown'
      const past = this.#pastOf(subject, exact)
      const missed = yield* missedLevelSteps(past, request, minutes, worst?.level ?? above)
      if (missed === 'unknown') isUnknown = true
      else if (missed !== undefined) {
        const { minuteMs } = missed
        const isInChangedMinute = minuteMs < fromMs || minuteMs + MARK_BAR_MS > untilMs
        worst = { ...missed, terms, isInChangedMinute }
      }
    }
    return worst ?? (isUnknown ? 'unknown' : undefined)
  }

  /** The marks of the minute, for the event. */
  marksOf({ prices, minuteMs }: Missed, venue: VenueId, now: { nowMs: number; monotonicMs: number }) {
    return prices.seen(minuteMs, this.#fundingRateOf(venue), now)
  }

  /** Whether a venue states the terms of a contract otherwise than the rules by which it would be judged. */
  #isContradicted({ venue, formula }: MarginAccount): boolean {
    return symbolsOf(formula).some(
      (symbol) => (this.#markets.find(venue, symbol)?.contradictions.length ?? 0) > 0,
    )
  }

  #pastOf({ venue, rule, level }: PastSubject, exact: MarginAccount): PastAccount {
    return { exact, rule, symbols: dependenciesOf(exact), fundingRateOf: this.#fundingRateOf(venue), level }
  }

  #fundingRateOf(venue: VenueId) {
    return (symbol: string) => this.#markets.find(venue, symbol)?.fundingRate
  }
}

/** Symbols, and names of index prices, on which a margin account depends. */
export function dependenciesOf({ formula }: MarginAccount): string[] {
  return [...symbolsOf(formula), ...(formula.pool === undefined ? [] : indexNamesOf(formula.pool))]
}

/** What an event says beside its figures of how its level was found. */
export function reasonsOfMissed({ isOfExtremes, isInChangedMinute }: Missed): string[] {
  return [...(isOfExtremes ? [OF_EXTREMES] : []), ...(isInChangedMinute ? [OF_CHANGED_MINUTE] : [])]
}
