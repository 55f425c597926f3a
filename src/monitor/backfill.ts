import {
  type AccountVersion,
  type BackfillRequest,
  type Decimal,
  MARK_BAR_MS,
  type MarkBar,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import { indexNamesOf, type MarginAccount, marginAccountOf, type Steps, symbolsOf } from '../margin/index.ts'
import type { WatchedTerms } from './applied-funding.ts'
import type { Market } from './market.ts'
import { type MissedLevel, missedIn, missedLevelSteps, type PastAccount } from './missed-level.ts'
import type { MonitorOptions } from './options.ts'
import type { MonitorParts } from './parts.ts'

/** A level was found where each of several markets is at the worse extreme of its minute, which may not have come at one moment. */
const OF_EXTREMES = 'backfill-extremes'
/** The account was changed in the minute in which a level was found, and its price may have come before or after. */
const OF_CHANGED_MINUTE = 'backfill-change'

interface Missed extends MissedLevel {
  /** Undefined where they are those of the present. */
  readonly terms: WatchedTerms | undefined
  readonly isInChangedMinute: boolean
}

/**
 * Judges margin accounts by prices of the past, one request at a time, in slices. The level that one reached and that nobody
 * published is published with the prices of its minute, and then the level at which it stands now, so that it looks as it would
 * had the prices been heard. Live prices are evaluated between the slices.
 */
export class Backfill {
  readonly #options: MonitorOptions
  readonly #parts: MonitorParts
  #request: BackfillRequest | undefined
  #market: Market | undefined
  /** The margin accounts that may have reached another level. */
  #candidates: number[] = []
  #at = 0
  /** Those that were judged before their turn, because their terms were about to change. */
  readonly #judged = new Set<number>()
  #begun: { readonly marginAccount: number; readonly steps: Steps<void> } | undefined
  #found = 0
  #undecided = 0

  constructor(options: MonitorOptions, parts: MonitorParts) {
    this.#options = options
    this.#parts = parts
  }

  get isOpen(): boolean {
    return this.#request !== undefined
  }

  /** Call when no request is open. */
  push(request: BackfillRequest): void {
    assert(this.#request === undefined, 'one gap is filled at a time')
    this.#request = request
    this.#found = 0
    this.#undecided = 0
    this.#at = 0
    this.#judged.clear()
    this.#market = undefined
    this.#candidates = []
  }

  /** Works until the given time, at least one step. */
  work(endMs: number): void {
    const { clock } = this.#options
    while (this.#request !== undefined) {
      if (this.#market === undefined && !this.#open(this.#request)) this.#close(this.#request)
      else if (this.#begun !== undefined) this.#step(this.#begun.steps)
      else if (this.#at === this.#candidates.length) this.#close(this.#request)
      else this.#begin(this.#request, this.#candidates[this.#at++]!)
      if (clock.monotonicMs() > endMs) return
    }
  }

  /** Call before the terms of the account change: the past is judged by those that it has. */
  beforeChange(account: number): void {
    const request = this.#request
    if (request === undefined || account < 0) return
    if (this.#market === undefined && !this.#open(request)) return
    const own = this.#parts.watchlist.marginAccountsOf(account)
    if (this.#begun !== undefined && own.includes(this.#begun.marginAccount)) this.#finish()
    const waiting = new Set(this.#candidates.slice(this.#at))
    const begun = this.#begun
    for (const marginAccount of own) {
      if (!waiting.has(marginAccount) || this.#judged.has(marginAccount)) continue
      this.#begun = undefined
      this.#begin(request, marginAccount)
      this.#finish()
      this.#judged.add(marginAccount)
    }
    this.#begun = begun
  }

  /** Finds the candidates. False when nobody holds the market any more. */
  #open(request: BackfillRequest): boolean {
    const { markets, watchlist } = this.#parts
    const { venue, symbol } = request.gap
    const market = markets.find(venue, symbol)
    if (market === undefined || market.marginAccounts === 0) return false
    this.#market = market
    const crossed = this.#crossedBy(market, extremesMissed(request))
    const { kernel } = this.#options
    kernel.beginInstant()
    const held = kernel.nominateAll(market.instrument)
    for (let at = 0; at < held; at++) {
      const marginAccount = kernel.nominatedAccount(at)
      const isChanged = request.versions.has(watchlist.accountIdOf(watchlist.accountOf(marginAccount)))
      // The triggers of an account with several rows say nothing of what its other markets did meanwhile.
      const isAlone = kernel.nextRow(kernel.firstRow(marginAccount)) < 0
      if (isAlone && !isChanged && !kernel.isAccountUnknown(marginAccount) && !crossed.has(marginAccount))
        continue
      this.#candidates.push(marginAccount)
    }
    kernel.beginInstant()
    return true
  }

  /** Margin accounts that the prices would nominate. While no price leaves its triggers the level of an account is that of now. */
  #crossedBy(market: Market, prices: readonly Decimal[]): Set<number> {
    const { kernel } = this.#options
    const crossed = new Set<number>()
    const present = kernel.mark(market.instrument)
    for (const price of prices) {
      kernel.beginInstant()
      kernel.setMark(market.instrument, Number(price))
      const nominated = kernel.nominate()
      for (let at = 0; at < nominated; at++) crossed.add(kernel.nominatedAccount(at))
    }
    kernel.beginInstant()
    kernel.setMark(market.instrument, present)
    return crossed
  }

  #begin(request: BackfillRequest, marginAccount: number): void {
    if (!this.#judged.has(marginAccount))
      this.#begun = { marginAccount, steps: this.#judge(request, marginAccount) }
  }

  #step(steps: Steps<void>): void {
    if (steps.next().done === true) this.#begun = undefined
  }

  #finish(): void {
    while (this.#begun !== undefined) this.#step(this.#begun.steps)
  }

  #close({ done }: BackfillRequest): void {
    this.#request = undefined
    this.#candidates = []
    done({ found: this.#found, undecided: this.#undecided })
  }

  *#judge(request: BackfillRequest, marginAccount: number): Steps<void> {
    const { watchlist, announcer } = this.#parts
    if (!watchlist.has(marginAccount) || watchlist.isSuspended(watchlist.accountOf(marginAccount))) {
      this.#undecided++
      return
    }
    announcer.settle(marginAccount)
    const { names } = watchlist.ruleOf(marginAccount)
    const id = watchlist.idOf(marginAccount)
    const held = [request.gap.held.get(id) ?? names[0]!, ...(request.published.get(id) ?? [])]
    const above = Math.max(
      ...held.map((level) => names.indexOf(level)),
      watchlist.standingOf(marginAccount).level,
    )
    const missed = yield* this.#missedSteps(request, marginAccount, above)
    if (missed === 'unknown') this.#undecided++
    else if (missed !== undefined) this.#publish(marginAccount, missed)
  }

  *#missedSteps(
    request: BackfillRequest,
    marginAccount: number,
    above: number,
  ): Steps<Missed | undefined | 'unknown'> {
    const { watchlist } = this.#parts
    const versions = request.versions.get(watchlist.accountIdOf(watchlist.accountOf(marginAccount)))
    if (versions !== undefined) return yield* this.#missedByVersions(request, marginAccount, versions, above)
    const past = this.#pastOf(marginAccount, watchlist.exactOf(marginAccount))
    const missed = yield* missedLevelSteps(past, request, request.minutes, above)
    if (missed === undefined || missed === 'unknown') return missed
    return { ...missed, terms: undefined, isInChangedMinute: false }
  }

  /** By the terms that were in force in each minute; in one with a change, by those before it and after it. */
  *#missedByVersions(
    request: BackfillRequest,
    marginAccount: number,
    versions: readonly AccountVersion[],
    above: number,
  ): Steps<Missed | undefined | 'unknown'> {
    const { watchlist } = this.#parts
    const id = watchlist.idOf(marginAccount)
    const book = watchlist.bookOf(marginAccount)
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
      const terms = watchlist.funding.funded(account, book, watchlist.funding.last)
      const exact = marginAccountOf(terms, id, book)
      if (exact === undefined) continue
      const past = this.#pastOf(marginAccount, exact)
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

  #pastOf(marginAccount: number, exact: MarginAccount): PastAccount {
    const { watchlist, markets } = this.#parts
    const venue = watchlist.venueOf(marginAccount)
    const { formula } = exact
    const symbols = [...symbolsOf(formula), ...(formula.pool === undefined ? [] : indexNamesOf(formula.pool))]
    return {
      exact,
      rule: watchlist.ruleOf(marginAccount),
      symbols,
      fundingRateOf: (symbol) => markets.find(venue, symbol)?.fundingRate,
      level: watchlist.standingOf(marginAccount).level,
    }
  }

  #publish(marginAccount: number, missed: Missed): void {
    const { watchlist, announcer, judge, markets } = this.#parts
    const { clock } = this.#options
    announcer.settle(marginAccount)
    // A live price may have brought it there meanwhile.
    if (watchlist.standingOf(marginAccount).level >= missed.level) return
    const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
    const venue = watchlist.venueOf(marginAccount)
    const rateOf = (symbol: string) => markets.find(venue, symbol)?.fundingRate
    const marks = missed.prices.seen(missed.minuteMs, rateOf, now)
    const reasons = [
      ...watchlist.reasonsOf(marginAccount),
      ...(missed.isOfExtremes ? [OF_EXTREMES] : []),
      ...(missed.isInChangedMinute ? [OF_CHANGED_MINUTE] : []),
    ]
    announcer.begin(missed.minuteMs, now.nowMs, now.monotonicMs, 'backfill')
    judge.applyPast(marginAccount, missed.level, reasons, { marks, terms: missed.terms })
    announcer.end()
    announcer.begin(this.#market!.eventTimeMs, now.nowMs, now.monotonicMs, 'backfill')
    judge.judge(marginAccount)
    announcer.end()
    this.#found++
  }
}

/** The lowest and the highest price that were missed in the minutes; none where all was heard. */
function extremesMissed({ gap, minutes, bars }: BackfillRequest): Decimal[] {
  const own = bars.get(gap.symbol)
  let low: MarkBar | undefined
  let high: MarkBar | undefined
  for (const minuteMs of minutes) {
    const bar = own?.get(minuteMs)
    if (bar === undefined) continue
    const missed = missedIn(
      bar,
      gap.heard.find((range) => range.minuteMs === minuteMs),
    )
    if (missed.includes('low') && (low === undefined || Number(bar.low) < Number(low.low))) low = bar
    if (missed.includes('high') && (high === undefined || Number(bar.high) > Number(high.high))) high = bar
  }
  return [...(low === undefined ? [] : [low.low]), ...(high === undefined ? [] : [high.high])]
}
