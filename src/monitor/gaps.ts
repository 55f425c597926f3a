import { type Gap, type HeardRange, type LevelName, minuteOf, type Watermark } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import { isHeld, type Market } from './market.ts'
import type { Watchlist } from './watchlist.ts'

/** What is shorter than this between two marks is the cadence of a stream, and no gap. */
export const GAP_MIN_MS = 1_000
/** Until its first mark a market may take so long to be subscribed; a longer wait is a gap. */
export const FIRST_MARK_GAP_MIN_MS = 10_000

/**
 * Notices gaps in the marks of markets: each begins where a market is interrupted, loses its mark, or gets its first margin account
 * before its first mark, and is found with the first mark behind it. All margin accounts of the market are looked at in that instant,
 * before their verdicts and after them: a level that one holds at either end is no level that was missed.
 */
export class MarketGaps {
  readonly #kernel: Kernel
  readonly #watchlist: Watchlist
  readonly #found: (gap: Gap) => void
  readonly #ending: Gap[] = []
  /** While the book is loaded: when an earlier worker heard its venues last, Unix milliseconds; 0 if none did, and afterwards. */
  unheardSinceMs = 0
  #held = new Map<string, LevelName>()
  /** Nominated margin accounts of the instant whose verdicts are noted. */
  #noted = 0

  /** `found` is called with each gap when all verdicts of the instant are given in which it ends. */
  constructor(kernel: Kernel, watchlist: Watchlist, found: (gap: Gap) => void) {
    this.#kernel = kernel
    this.#watchlist = watchlist
    this.#found = found
  }

  /** From here on marks of the market may be missed. */
  begin(market: Market): void {
    if (market.gapFromMs === 0) market.gapFromMs = market.eventTimeMs
  }

  /** The market gets its first margin account. Until its first mark comes all marks are missed. */
  join(market: Market, nowMs: number): void {
    if (market.eventTimeMs === 0 && market.gapFromMs === 0) market.gapFromMs = this.unheardSinceMs || nowMs
  }

  /** The market has a mark that is evaluated. A gap before it ends with it. */
  hear(market: Market): void {
    if (market.gapFromMs === 0) market.heard.hear(market)
    else this.#end(market)
  }

  /** Nobody holds the market any more. A gap in its marks ends now: no further mark is waited for. */
  leave(market: Market, nowMs: number): void {
    const { venue, symbol, gapFromMs: fromMs, heard } = market
    if (fromMs === 0) return
    // Who joins before the next mark misses what is behind this.
    market.gapFromMs = market.eventTimeMs === 0 ? 0 : nowMs
    this.#foundUnheld({ venue, symbol, eventTimeMs: fromMs, heard: heard.orNull }, nowMs)
  }

  /** The same of a market that an earlier run held, and whose accounts have gone since. */
  leftBehind(watermark: Watermark, nowMs: number): void {
    this.#foundUnheld(watermark, nowMs)
  }

  #foundUnheld({ venue, symbol, eventTimeMs: fromMs, heard }: Watermark, toMs: number): void {
    if (toMs - fromMs > minimumMs(heard))
      this.#found({ venue, symbol, fromMs, toMs, heard: heard === null ? [] : [heard], held: new Map() })
  }

  #end(market: Market): void {
    const { venue, symbol, gapFromMs: fromMs, eventTimeMs: toMs } = market
    const before = market.heard.orNull
    market.gapFromMs = 0
    market.heard.hear(market)
    if (toMs - fromMs <= minimumMs(before) || !isHeld(market)) return
    const beginsInOther = minuteOf(fromMs) !== minuteOf(toMs)
    const heard = beginsInOther && before?.minuteMs === minuteOf(fromMs) ? [before] : []
    market.heard.onEnd((range) => heard.push(range))
    this.#ending.push({ venue, symbol, fromMs, toMs, heard, held: this.#held })
    this.#kernel.nominateAll(market.instrument)
  }

  get isEnding(): boolean {
    return this.#ending.length > 0
  }

  /** Notes the levels of nominated margin accounts from that place on, before their verdicts. */
  noteBefore(from: number, to: number): void {
    if (!this.isEnding) return
    for (let at = from; at < to; at++) this.#note(this.#kernel.nominatedAccount(at))
  }

  /** The same of those up to that place, after their verdicts. */
  noteAfter(to: number): void {
    if (this.isEnding) this.noteBefore(this.#noted, to)
    this.#noted = to
  }

  /** All verdicts of the instant are given. */
  close(): void {
    this.#noted = 0
    if (!this.isEnding) return
    for (const gap of this.#ending.splice(0)) this.#found(gap)
    this.#held = new Map()
  }

  #note(marginAccount: number): void {
    // Of most accounts the kernel knows that they are safe.
    const proven = this.#kernel.accountLevel(marginAccount)
    if (proven === 0) return
    const { names } = this.#watchlist.ruleOf(marginAccount)
    const level = Math.max(proven, this.#watchlist.standingOf(marginAccount).level)
    if (level <= 0) return
    const id = this.#watchlist.idOf(marginAccount)
    const held = this.#held.get(id)
    if (held === undefined || names.indexOf(held) < level) this.#held.set(id, names[level]!)
  }
}

/** `heard`: of the mark before it. */
function minimumMs(heard: HeardRange | null): number {
  return heard === null ? FIRST_MARK_GAP_MIN_MS : GAP_MIN_MS
}
