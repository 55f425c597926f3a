import type { Decimal, MonitorCounters } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { RECHECKED_MAX } from '../kernel/index.ts'
import type { Announcer } from './announcer.ts'
import { contradictionsOfText } from './contract-turns.ts'
import type { Doubts } from './doubts.ts'
import type { FundingTimes } from './funding-times.ts'
import type { MarketGaps } from './gaps.ts'
import type { Judge } from './judge.ts'
import type { Market } from './market.ts'
import { marketTransition } from './market-transition.ts'
import type { Markets } from './markets.ts'
import type { MonitorOptions, ObservedMark } from './options.ts'
import {
  CONFIRMED,
  CONTRADICTED,
  DELISTED,
  EXPIRED,
  INDEX_PRICE,
  INTERRUPTED,
  MARKED,
  type PendingTicks,
  REVIVED,
  STALE,
} from './pending-ticks.ts'

/** Accounts re-checked in f64 between two looks at the clock: about 20 µs. */
const RECHECKS_PER_LOOK = 64
assert(RECHECKS_PER_LOOK <= RECHECKED_MAX, 'the suspects of one call have a place')

const NONE = [] as const

/** Evaluates one instant: applies its marks together, nominates accounts, re-checks and judges them. Resumable: `work` stops at its time. */
export class Instant {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #markets: Markets
  readonly #judge: Judge
  readonly #announcer: Announcer
  readonly #funding: FundingTimes | undefined
  readonly #gaps: MarketGaps
  readonly #doubts: Doubts | undefined
  #isOpen = false
  #nominated = 0
  #rechecked = 0
  #suspects = 0
  #decided = 0
  #hasStale = false
  #marks = 0
  #eventTimeMs = 0
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #observed: ObservedMark[] | undefined
  /** Markets that lost their mark or got one back in this instant, and when they had their last one. */
  readonly #turned: { readonly market: Market; readonly sinceMs: number }[] = []

  constructor(
    options: MonitorOptions,
    counters: MonitorCounters,
    parts: {
      markets: Markets
      judge: Judge
      announcer: Announcer
      funding: FundingTimes | undefined
      gaps: MarketGaps
      doubts: Doubts | undefined
    },
  ) {
    this.#options = options
    this.#counters = counters
    this.#markets = parts.markets
    this.#judge = parts.judge
    this.#announcer = parts.announcer
    this.#funding = parts.funding
    this.#gaps = parts.gaps
    this.#doubts = parts.doubts
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get receivedMonotonicMs(): number {
    return this.#receivedMonotonicMs
  }

  /** Takes the next instant from the ticks that wait. False when no mark changed in it. */
  open(ticks: PendingTicks): boolean {
    const { kernel, observer } = this.#options
    kernel.beginInstant()
    this.#markets.beginInstant()
    this.#hasStale = false
    this.#marks = 0
    this.#observed = observer === undefined ? undefined : []
    while (ticks.length > 0 && !ticks.atFrameEnd) {
      // A second mark of one instrument in a frame is an instant of its own.
      if (!this.#take(ticks)) break
      ticks.shift()
    }
    if (ticks.length > 0 && ticks.atFrameEnd) ticks.shift()
    this.#doubts?.classify()
    if (this.#marks === 0 && this.#doubts?.concernVenues !== true) return false
    if (this.#observed !== undefined && this.#marks > 0) observer?.instant(this.#observed)
    this.#nominated = kernel.nominate()
    this.#rechecked = 0
    this.#suspects = 0
    this.#decided = 0
    this.#isOpen = true
    return true
  }

  /** Works until the given time. True when all verdicts are given. */
  work(endMs: number): boolean {
    if (this.#nominated > 0 || this.#turned.length > 0 || this.#doubts?.concernVenues === true) {
      if (this.#rechecked === 0 && this.#decided === 0) this.#begin()
      if (!this.#judgeSuspects(endMs)) return false
      this.#announcer.end()
    }
    this.#gaps.close()
    this.#options.kernel.refreshZones()
    this.#counters.instants++
    this.#counters.nominations += this.#nominated
    this.#isOpen = false
    return true
  }

  /** False when the instrument has a mark in this instant already. */
  #take(ticks: PendingTicks): boolean {
    const { kernel } = this.#options
    if (ticks.kind === INDEX_PRICE) {
      this.#doubts?.index(ticks)
      return true
    }
    const market = this.#markets.at(ticks.instrument)
    if (ticks.kind === REVIVED) {
      market.expiredMs = 0
      return true
    }
    if (ticks.kind === CONTRADICTED) return this.#takeContradicted(market, ticks)
    if (market.expiredMs > 0) {
      if (ticks.kind === MARKED) this.#counters.ticksOutsideBook++
      return true
    }
    if (ticks.kind === EXPIRED || ticks.kind === DELISTED) return this.#takeEnded(market, ticks)
    if (market.contradictions.length > 0) {
      if (ticks.kind === MARKED) this.#counters.ticksOutsideBook++
      return true
    }
    if (ticks.kind === INTERRUPTED) {
      this.#gaps.begin(market)
      return true
    }
    if (ticks.kind === STALE) return market.isStale || this.#loseMark(market, ticks)
    const isOtherRate = ticks.fundingRate !== undefined && ticks.fundingRate !== market.fundingRate
    if (ticks.kind === CONFIRMED && !market.isStale && !isOtherRate && market.gapFromMs === 0) {
      if (market.markText !== '') {
        this.#funding?.observe(market, ticks)
        this.#refresh(market, ticks)
        market.heard.hear(market)
        this.#doubts?.hear(market, market.markText, ticks)
      }
      this.#counters.confirmations++
      return true
    }
    const markText = ticks.kind === CONFIRMED ? market.lastMarkText : ticks.markText
    // No mark was stated that could be confirmed.
    if (markText === '') return true
    const mark = Number(markText)
    if (!kernel.setMark(market.instrument, mark)) return false
    // Before the mark changes, because the old one was in force at a funding time that this frame has passed.
    this.#funding?.observe(market, ticks)
    if (market.isStale || market.published.stale) this.#turn(market)
    this.#refresh(market, ticks)
    market.isStale = false
    market.markText = markText
    market.markValue = mark
    market.lastMarkText = markText
    this.#gaps.hear(market)
    if (ticks.kind === MARKED) market.markSource = ticks.markSource
    this.#doubts?.hear(market, markText, ticks)
    // A frame without a rate does not say that the rate has changed.
    if (ticks.fundingRate !== undefined) this.#markets.setFundingRate(market, ticks.fundingRate)
    this.#counters.ticks++
    this.#countMark(market, markText, ticks)
    return true
  }

  /** A market that was stale before has no other verdicts, and is published as expired. */
  #takeEnded(market: Market, ticks: PendingTicks): boolean {
    if (!this.#loseMark(market, ticks)) return false
    market.expiredMs = ticks.eventTimeMs
    market.isDelisted = ticks.kind === DELISTED
    // What is not heard from here on is no mark that a confirmation could mean.
    market.lastMarkText = ''
    return true
  }

  /** A market that was stale before is published as contradicted. */
  #takeContradicted(market: Market, ticks: PendingTicks): boolean {
    const contradictions = contradictionsOfText(ticks.markText)
    const isNew = contradictions.length > 0 && market.expiredMs === 0
    if (isNew && !this.#loseMark(market, ticks)) return false
    this.#markets.leaveMark(market)
    market.contradictions = contradictions
    market.lastMarkText = ''
    return true
  }

  #loseMark(market: Market, ticks: PendingTicks): boolean {
    const { kernel } = this.#options
    if (!kernel.setMark(market.instrument, 0)) return false
    this.#turn(market)
    this.#gaps.begin(market)
    this.#markets.leaveMark(market)
    market.isStale = true
    market.markText = ''
    market.doubt = undefined
    market.isUncompared = false
    this.#hasStale = true
    kernel.nominateAll(market.instrument)
    this.#countMark(market, '', ticks)
    return true
  }

  /** Call before the text of the mark changes. */
  #refresh(market: Market, ticks: PendingTicks): void {
    this.#markets.leaveMark(market)
    market.eventTimeMs = ticks.eventTimeMs
    market.receivedTimeMs = ticks.receivedTimeMs
    market.receivedMonotonicMs = ticks.receivedMonotonicMs
  }

  #turn(market: Market): void {
    this.#turned.push({ market, sinceMs: market.receivedTimeMs })
  }

  #countMark({ venue, symbol }: Market, markPrice: Decimal, ticks: PendingTicks): void {
    this.#eventTimeMs = ticks.eventTimeMs
    this.#receivedTimeMs = ticks.receivedTimeMs
    this.#receivedMonotonicMs = ticks.receivedMonotonicMs
    this.#observed?.push({ venue, symbol, markPrice })
    this.#marks++
  }

  #begin(): void {
    const doubts = this.#doubts
    if (this.#marks === 0 && doubts !== undefined)
      this.#announcer.begin(null, doubts.heardTimeMs, doubts.heardMonotonicMs)
    else this.#announcer.begin(this.#eventTimeMs, this.#receivedTimeMs, this.#receivedMonotonicMs)
    for (const transition of doubts?.takeOfVenues() ?? NONE) this.#announcer.addMarket(transition)
    for (const { market, sinceMs } of this.#turned.splice(0)) {
      const transition = marketTransition(market, sinceMs)
      if (transition !== undefined) this.#announcer.addMarket(transition)
    }
  }

  #judgeSuspects(endMs: number): boolean {
    const { kernel, clock } = this.#options
    for (;;) {
      while (this.#decided < this.#suspects) {
        this.#decided = this.#judge.decideSuspects(this.#decided, this.#suspects)
        if (clock.monotonicMs() > endMs) return false
      }
      this.#gaps.noteAfter(this.#rechecked)
      if (this.#rechecked === this.#nominated) return true
      const to = Math.min(this.#rechecked + RECHECKS_PER_LOOK, this.#nominated)
      this.#gaps.noteBefore(this.#rechecked, to)
      this.#suspects = kernel.recheckNominated(this.#rechecked, to)
      this.#decided = 0
      if (this.#hasStale) {
        for (let i = this.#rechecked; i < to; i++) this.#judge.applyStaleness(kernel.nominatedAccount(i))
      }
      this.#rechecked = to
      if (clock.monotonicMs() > endMs) return false
    }
  }
}
