import { MARK_BAR_MS, type MarkBar, type MarkHistory } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import { HISTORY_LIMITS, type HistoryLimits } from './history-limits.ts'
import type { FeedLog } from './types.ts'
import { RequestFailure, type VenueRequests } from './venue-requests.ts'

export interface MarkHistoryReaderOptions {
  readonly requests: VenueRequests
  readonly log: FeedLog
  /** URLs that replace those of the venues, by id of the history. */
  readonly urls?: Readonly<Record<string, string | undefined>>
  /** Replaces limits, for tests. */
  readonly limits?: Partial<HistoryLimits>
}

interface Page {
  readonly history: MarkHistory
  readonly symbol: string
  readonly fromMs: number
  readonly toMs: number
}

/** Reads records of past prices. Pages of all markets of a venue share its limit and go out in the order in which they are asked for. */
export class MarkHistoryReader {
  readonly #options: MarkHistoryReaderOptions
  readonly #limits: HistoryLimits
  /** Reads that have not ended, by what counts them together. */
  readonly #reads = new Map<string, number>()
  /** Of which the last try failed, and the log says so. */
  readonly #failing = new Set<string>()

  constructor(options: MarkHistoryReaderOptions) {
    this.#options = options
    this.#limits = { ...HISTORY_LIMITS, ...options.limits }
  }

  /**
   * The bars that open from `fromMs` up to and including `toMs`, whole minutes that have ended, Unix milliseconds: in time order, and
   * those alone that the venue has (`missingMinutes` names the others).
   * @throws PlimsollError HISTORY_UNAVAILABLE, naming history, market and reason: as `VenueRequests.get` fails; `readsMax` reads of
   * the venue wait already; or the span has more than `barsMax` minutes.
   */
  async read(
    history: MarkHistory,
    symbol: string,
    fromMs: number,
    toMs: number,
  ): Promise<readonly MarkBar[]> {
    assert(fromMs % MARK_BAR_MS === 0 && toMs % MARK_BAR_MS === 0, 'a read is of whole minutes')
    const whole = { history, symbol, fromMs, toMs }
    const { readsMax, barsMax } = this.#limits
    const minutes = (toMs - fromMs) / MARK_BAR_MS + 1
    if (this.#options.requests.isClosed) throw unavailable(whole, 'the reader is closed')
    if (minutes > barsMax) throw unavailable(whole, `at most ${barsMax} minutes are read at a time`)
    const limited = limitOf(history)
    const reads = this.#reads.get(limited) ?? 0
    if (reads >= readsMax) throw unavailable(whole, `${readsMax} reads of the venue wait already`)
    this.#reads.set(limited, reads + 1)
    try {
      const bars: MarkBar[] = []
      const pageMs = history.barsPerRequestMax * MARK_BAR_MS
      for (let pageFromMs = fromMs; pageFromMs <= toMs; pageFromMs += pageMs) {
        const pageToMs = Math.min(toMs, pageFromMs + pageMs - MARK_BAR_MS)
        bars.push(...(await this.#page({ ...whole, fromMs: pageFromMs, toMs: pageToMs })))
      }
      return bars
    } finally {
      this.#reads.set(limited, this.#reads.get(limited)! - 1)
    }
  }

  /** Bars outside of the page were not asked for, and are left out. */
  async #page(page: Page): Promise<readonly MarkBar[]> {
    const { history, symbol, fromMs, toMs } = page
    const { requests, urls = {} } = this.#options
    try {
      const bars = await requests.get({
        of: history,
        url: history.requestUrl(urls[history.id] ?? history.url, symbol, fromMs, toMs),
        bodyBytesMax: history.bodyBytesMax,
        read: (body) => history.parse(body, symbol),
        tried: (reason) => this.#noted(page, reason),
      })
      return bars.filter(({ openTimeMs }) => openTimeMs >= fromMs && openTimeMs <= toMs)
    } catch (error) {
      throw error instanceof RequestFailure ? unavailable(page, error.message) : error
    }
  }

  /** One line of the log when the venue begins to fail, and one when it answers again. */
  #noted({ history, symbol }: Page, reason: string | undefined): void {
    const { log } = this.#options
    const limited = limitOf(history)
    if ((reason !== undefined) === this.#failing.has(limited)) return
    if (reason !== undefined) {
      this.#failing.add(limited)
      log.warn({ history: history.id, symbol, reason }, 'past prices cannot be read')
    } else {
      this.#failing.delete(limited)
      log.info({ history: history.id }, 'past prices are read again')
    }
  }
}

function limitOf({ id, limitId = id }: MarkHistory): string {
  return limitId
}

/** Open times of the minutes from `fromMs` up to and including `toMs`, Unix milliseconds, of which there is no bar. */
export function missingMinutes(bars: readonly MarkBar[], fromMs: number, toMs: number): number[] {
  const known = new Set(bars.map(({ openTimeMs }) => openTimeMs))
  const missing: number[] = []
  for (let openTimeMs = fromMs; openTimeMs <= toMs; openTimeMs += MARK_BAR_MS)
    if (!known.has(openTimeMs)) missing.push(openTimeMs)
  return missing
}

function unavailable({ history, symbol, fromMs, toMs }: Page, reason: string): PlimsollError {
  const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`
  return new PlimsollError(
    'HISTORY_UNAVAILABLE',
    `${history.id}: no past prices of ${symbol} from ${span}: ${reason}`,
  )
}
