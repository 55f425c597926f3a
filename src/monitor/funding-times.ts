import {
  type Decimal,
  type FundingLog,
  type FundingSchedule,
  type FundingTerms,
  ownText,
  type RuleBook,
  type VenueId,
} from '../domain/index.ts'
import type { FundingHistory } from './funding-history.ts'
import type { Market } from './market.ts'
import type { Markets } from './markets.ts'
import type { PendingTicks } from './pending-ticks.ts'

/** After a funding time frames that were set before it may still come. So long the worker waits for a mark behind it. */
export const FUNDING_SETTLE_AFTER_MS = 1_000
/** A venue that announces a later time so shortly before the announced one has charged it; earlier, it has moved it. */
const MOVED_ON_MS = 5_000
/** Venues charge funding on whole hours. */
const HOUR_MS = 3_600_000

/**
 * Watches the funding times that venues announce, and records each when it passes: with the last rate that was announced for
 * it and the mark in force at that time, or as unknown.
 *
 * A record takes effect when the log of funding gives it back, so nothing here changes an account.
 */
export class FundingTimes {
  readonly #log: FundingLog
  readonly #markets: Markets
  readonly #history: FundingHistory
  readonly #ruleBookOf: (venue: VenueId) => RuleBook
  /** Schedules of earlier runs, by venue and symbol, for markets that have stated none yet. */
  readonly #restored = new Map<string, number>()

  constructor(
    log: FundingLog,
    markets: Markets,
    history: FundingHistory,
    ruleBookOf: (venue: VenueId) => RuleBook,
  ) {
    this.#log = log
    this.#markets = markets
    this.#history = history
    this.#ruleBookOf = ruleBookOf
  }

  restore({ venue, symbol, nextFundingTimeMs }: FundingSchedule): void {
    this.#restored.set(nameOf(venue, symbol), nextFundingTimeMs)
  }

  /** Call with the tick in hand before its mark takes effect. Reads the numbers itself, because a call would box them. */
  observe(market: Market, ticks: PendingTicks): void {
    const dueMs = market.nextFundingTimeMs
    // Nearly every tick ends here.
    if (dueMs !== 0 && ticks.nextFundingTimeMs === dueMs && ticks.eventTimeMs <= dueMs) {
      if (ticks.fundingRate !== undefined) market.nextFundingRate = ticks.fundingRate
      return
    }
    const { eventTimeMs, fundingRate, nextFundingTimeMs } = ticks
    if (nextFundingTimeMs === 0 && (dueMs === 0 || eventTimeMs <= dueMs)) return
    const isPast = nextFundingTimeMs <= eventTimeMs || nextFundingTimeMs <= market.fundingCoveredMs
    if ((dueMs === 0 && isPast) || !this.#isCharged(market)) return
    this.#takeRestored(market)
    this.#settleBefore(market, eventTimeMs, fundingRate, nextFundingTimeMs)
    this.#announce(market, eventTimeMs, fundingRate, nextFundingTimeMs)
  }

  /** Records the funding times that have passed by the clock, for markets without a mark behind them. */
  settleDue(nowMs: number): void {
    for (const market of this.#markets.all) {
      const dueMs = market.nextFundingTimeMs
      if (dueMs !== 0 && nowMs >= dueMs + FUNDING_SETTLE_AFTER_MS)
        this.#settle(market, market.nextFundingRate)
    }
  }

  /**
   * Whether a time of the market has passed that is behind `coveredMs`, up to which balances hold its funding; or nothing is
   * known of its funding at all.
   */
  isPending(venue: VenueId, symbol: string, coveredMs: number): boolean {
    const passedMs = this.#markets.find(venue, symbol)?.fundingCoveredMs ?? 0
    return passedMs > coveredMs || (passedMs === 0 && this.#history.coveredMs(venue, symbol) === 0)
  }

  #takeRestored(market: Market): void {
    if (market.fundingCoveredMs === 0) {
      market.fundingCoveredMs = this.#history.coveredMs(market.venue, market.symbol)
    }
    const name = nameOf(market.venue, market.symbol)
    const restoredMs = this.#restored.get(name)
    if (restoredMs === undefined) return
    this.#restored.delete(name)
    if (restoredMs > market.fundingCoveredMs) market.nextFundingTimeMs = restoredMs
  }

  #settleBefore(
    market: Market,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number,
  ): void {
    const dueMs = market.nextFundingTimeMs
    if (dueMs === 0) return
    const hasMovedOn = nextFundingTimeMs > dueMs && eventTimeMs >= dueMs - MOVED_ON_MS
    if (eventTimeMs <= dueMs && !hasMovedOn) return
    const isOfDue = nextFundingTimeMs === dueMs && fundingRate !== undefined
    this.#settle(market, isOfDue ? fundingRate : market.nextFundingRate)
  }

  #settle(market: Market, fundingRate: Decimal | undefined): void {
    const { venue, symbol, nextFundingTimeMs: fundingTimeMs, markText } = market
    market.nextFundingTimeMs = 0
    market.nextFundingRate = undefined
    market.fundingCoveredMs = fundingTimeMs
    const isKnown = fundingRate !== undefined && markText !== ''
    const terms = isKnown ? { fundingRate: ownText(fundingRate), markPrice: ownText(markText) } : 'unknown'
    this.#record(market, fundingTimeMs, terms)
    this.#restored.delete(nameOf(venue, symbol))
  }

  #announce(
    market: Market,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number,
  ): void {
    const { venue, symbol } = market
    if (nextFundingTimeMs <= eventTimeMs || nextFundingTimeMs <= market.fundingCoveredMs) return
    if (market.nextFundingTimeMs === 0) this.#closeGap(market, eventTimeMs)
    if (nextFundingTimeMs !== market.nextFundingTimeMs) {
      market.nextFundingTimeMs = nextFundingTimeMs
      market.nextFundingRate = undefined
      this.#log.schedule({ venue, symbol, nextFundingTimeMs })
    }
    market.nextFundingRate = fundingRate ?? market.nextFundingRate
  }

  /** No schedule was known up to this frame. A whole hour since the last record may have been a funding time. */
  #closeGap(market: Market, eventTimeMs: number): void {
    const hourMs = Math.floor(eventTimeMs / HOUR_MS) * HOUR_MS
    if (hourMs <= market.fundingCoveredMs) return
    market.fundingCoveredMs = hourMs
    this.#record(market, hourMs, 'unknown')
  }

  #isCharged({ venue }: Market): boolean {
    return this.#ruleBookOf(venue).defaults.funding?.payment === 'at-mark'
  }

  #record({ venue, symbol }: Market, fundingTimeMs: number, terms: FundingTerms | 'unknown'): void {
    this.#log.record({ venue, symbol, fundingTimeMs, terms })
  }
}

/** No name of a venue holds a space. */
function nameOf(venue: VenueId, symbol: string): string {
  return `${venue} ${symbol}`
}
