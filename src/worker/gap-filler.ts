import {
  type BackfillOutcome,
  type BackfillRequest,
  type Clock,
  type Gap,
  type GapReason,
  MARK_BAR_MS,
  type MarkBar,
  type MarkHistory,
  minuteOf,
  type VenueId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'

/** The newest minutes of a gap that are filled; what is before them is published as not filled. */
export const BACKFILL_MINUTES_MAX = 1_440
/** The bar of a minute is asked for so long after its end, because venues need a moment to close it. */
export const BAR_SETTLE_MS = 2_000
/** A gap that ends in a minute which is farther ahead of our clock is not waited for. */
const WAIT_MAX_MS = 3 * MARK_BAR_MS
/** Markets beside the one with the gap of which bars are read; margin accounts that need further ones have no verdict. */
export const BESIDE_MAX = 500

export interface GapFillerOptions {
  readonly clock: Clock
  readonly log: Log
  readonly historyCarrying: (venue: VenueId, symbol: string) => MarkHistory | undefined
  readonly read: (
    history: MarkHistory,
    symbol: string,
    fromMs: number,
    toMs: number,
  ) => Promise<readonly MarkBar[]>
  /** The terms of each account that has changed since a time, Unix milliseconds, or an earlier one; with every change until now. */
  readonly versionsSince: (sinceMs: number) => Promise<BackfillRequest['versions']>
  /** Symbols, and names of index prices, that margin accounts of the market depend on beside it, or did by one of these terms. */
  readonly beside: (
    venue: VenueId,
    symbol: string,
    versions: BackfillRequest['versions'],
  ) => Promise<ReadonlySet<string>>
  /** Judges by prices of the past, and by the terms that accounts had; one at a time, which the caller need not see to. */
  readonly judge: (request: Omit<BackfillRequest, 'done' | 'versions'>) => Promise<BackfillOutcome>
  /** Waits so long; rejects when the worker stops. */
  readonly sleep: (ms: number) => Promise<void>
}

export interface Filled extends BackfillOutcome {
  /** Why not all of it is filled; none where it is. */
  readonly reasons: readonly GapReason[]
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Fills one gap after another from the venue's record: reads the bars of its minutes, of its market and of those beside it, and has
 * them judged. The minutes that have ended are filled at once, the one in which the gap ends when it has.
 */
export class GapFiller {
  readonly #options: GapFillerOptions

  constructor(options: GapFillerOptions) {
    this.#options = options
  }

  /** `published`: levels that were published of margin accounts by prices of the gap. Rejects when the worker stops. */
  async fill(gap: Gap, published: BackfillRequest['published']): Promise<Filled> {
    const { venue, symbol } = gap
    const history = this.#options.historyCarrying(venue, symbol)
    if (history === undefined) return { found: 0, undecided: 0, reasons: ['no-record'] }
    const reasons = new Set<GapReason>()
    let found = 0
    let undecided = 0
    for await (const part of this.#partsOf(spanOf(gap, reasons))) {
      const own = await this.#barsOf(history, gap, symbol, part)
      if (own === undefined) {
        reasons.add('unavailable')
        break
      }
      const minutes = minutesOf(part)
      if (own.size < minutes.length) reasons.add('bars-missing')
      const outcome = await this.#judge(gap, part, own, published)
      found += outcome.found
      undecided = Math.max(undecided, outcome.undecided)
    }
    if (undecided > 0) reasons.add('terms-unknown')
    return { found, undecided, reasons: [...reasons] }
  }

  /** The minutes that have ended, then the one in which the gap ends. */
  async *#partsOf({ fromMs, toMs }: Span): AsyncGenerator<Span> {
    const { clock } = this.#options
    const leftMs = () => toMs + MARK_BAR_MS + BAR_SETTLE_MS - clock.nowMs()
    if (leftMs() > 0 && fromMs < toMs) {
      await this.#waitFor(leftMs() - MARK_BAR_MS)
      yield { fromMs, toMs: toMs - MARK_BAR_MS }
      await this.#waitFor(leftMs())
      yield { fromMs: toMs, toMs }
    } else {
      await this.#waitFor(leftMs())
      yield { fromMs, toMs }
    }
  }

  async #waitFor(ms: number): Promise<void> {
    if (ms > 0) await this.#options.sleep(Math.min(ms, WAIT_MAX_MS))
  }

  async #judge(
    gap: Gap,
    part: Span,
    own: ReadonlyMap<number, MarkBar>,
    published: BackfillRequest['published'],
  ): Promise<BackfillOutcome> {
    const { versionsSince, judge, beside } = this.#options
    const { venue, symbol } = gap
    const bars = new Map([[symbol, own]])
    const symbols = await beside(venue, symbol, await versionsSince(changesFromMs(gap)))
    await this.#addBars([...symbols], gap, part, bars)
    return await judge({ gap, minutes: [...own.keys()], bars, published })
  }

  async #addBars(
    symbols: readonly string[],
    gap: Gap,
    part: Span,
    bars: Map<string, ReadonlyMap<number, MarkBar>>,
  ): Promise<void> {
    const { historyCarrying } = this.#options
    await Promise.all(
      symbols.slice(0, BESIDE_MAX).map(async (symbol) => {
        const history = historyCarrying(gap.venue, symbol)
        const read = history && (await this.#barsOf(history, gap, symbol, part))
        if (read !== undefined) bars.set(symbol, read)
      }),
    )
  }

  /** undefined where the venue does not answer. */
  async #barsOf(
    history: MarkHistory,
    { venue }: Gap,
    symbol: string,
    { fromMs, toMs }: Span,
  ): Promise<ReadonlyMap<number, MarkBar> | undefined> {
    try {
      const bars = await this.#options.read(history, symbol, fromMs, toMs)
      return new Map(bars.map((bar) => [bar.openTimeMs, bar]))
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      this.#options.log.warn({ venue, symbol, code: error.code }, error.message)
      return undefined
    }
  }
}

function spanOf({ fromMs, toMs }: Gap, reasons: Set<GapReason>): Span {
  const last = minuteOf(toMs)
  const first = Math.max(minuteOf(fromMs), last - (BACKFILL_MINUTES_MAX - 1) * MARK_BAR_MS)
  if (first > minuteOf(fromMs)) reasons.add('too-long')
  return { fromMs: first, toMs: last }
}

function minutesOf({ fromMs, toMs }: Span): number[] {
  const minutes: number[] = []
  for (let minuteMs = fromMs; minuteMs <= toMs; minuteMs += MARK_BAR_MS) minutes.push(minuteMs)
  return minutes
}

/** From where on changes of terms count: all of the first minute is judged. */
export function changesFromMs({ fromMs }: Gap): number {
  return minuteOf(fromMs)
}
