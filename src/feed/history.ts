import { type Clock, MARK_BAR_MS, type MarkBar, type MarkHistory, type Random } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { HttpAnswer } from '../system/index.ts'
import { jitteredDelayMs } from './backoff.ts'
import { HISTORY_LIMITS, type HistoryLimits } from './history-limits.ts'
import { REPLY_CHARACTERS_MAX } from './limits.ts'
import { requestErrorText } from './request-error.ts'
import { RequestGate } from './request-gate.ts'
import { retryAfterMsOf } from './retry-after.ts'
import type { FeedLog, FeedMachine } from './types.ts'

export interface MarkHistoryReaderOptions {
  readonly clock: Clock
  readonly random: Random
  readonly machine: Pick<FeedMachine, 'httpGet'>
  readonly log: FeedLog
  /** URLs that replace those of the venues, by id of the history. */
  readonly urls?: Readonly<Record<string, string | undefined>>
  /** Replaces limits, for tests. */
  readonly limits?: Partial<HistoryLimits>
}

/** What the reader knows of the venue, or part of one, that counts requests together. */
interface Limited {
  readonly gate: RequestGate
  reads: number
  /** Its last try failed, and the log says so. */
  isFailing: boolean
}

interface Page {
  readonly history: MarkHistory
  readonly symbol: string
  readonly fromMs: number
  readonly toMs: number
}

/** What is known of a try without a page: `refused` by the venue for this market, `limited`: it wants no requests for long. */
type Failure = 'failed' | 'refused' | 'limited'
type Tried = { readonly bars: readonly MarkBar[] } | { readonly reason: string; readonly failure: Failure }

/**
 * Reads records of past prices. Pages of all markets of a venue share its limit and go out in the order in which they are asked for; a
 * page that fails is tried again with full jitter.
 */
export class MarkHistoryReader {
  readonly #options: MarkHistoryReaderOptions
  readonly #limits: HistoryLimits
  readonly #limited = new Map<string, Limited>()
  readonly #inFlight = new Set<AbortController>()
  readonly #endWaits = new Set<() => void>()
  #isClosed = false

  constructor(options: MarkHistoryReaderOptions) {
    this.#options = options
    this.#limits = { ...HISTORY_LIMITS, ...options.limits }
  }

  /**
   * The bars that open from `fromMs` up to and including `toMs`, whole minutes that have ended, Unix milliseconds: in time order, and
   * those alone that the venue has (`missingMinutes` names the others).
   * @throws PlimsollError HISTORY_UNAVAILABLE, naming history, market and reason: the venue does not answer after `triesMax` tries,
   * refuses the request, or wants no requests for longer than `pauseWaitMaxMs`; `readsMax` reads of the venue wait already; the span
   * has more than `barsMax` minutes; or the reader is closed.
   */
  async read(
    history: MarkHistory,
    symbol: string,
    fromMs: number,
    toMs: number,
  ): Promise<readonly MarkBar[]> {
    assert(fromMs % MARK_BAR_MS === 0 && toMs % MARK_BAR_MS === 0, 'a read is of whole minutes')
    const whole = { history, symbol, fromMs, toMs }
    const limited = this.#limitedOf(history)
    const { readsMax, barsMax } = this.#limits
    const minutes = (toMs - fromMs) / MARK_BAR_MS + 1
    if (this.#isClosed) throw closed(whole)
    if (minutes > barsMax) throw unavailable(whole, `at most ${barsMax} minutes are read at a time`)
    if (limited.reads >= readsMax) throw unavailable(whole, `${readsMax} reads of the venue wait already`)
    limited.reads++
    try {
      const bars: MarkBar[] = []
      const pageMs = history.barsPerRequestMax * MARK_BAR_MS
      for (let pageFromMs = fromMs; pageFromMs <= toMs; pageFromMs += pageMs) {
        const pageToMs = Math.min(toMs, pageFromMs + pageMs - MARK_BAR_MS)
        bars.push(...(await this.#page({ ...whole, fromMs: pageFromMs, toMs: pageToMs }, limited)))
      }
      return bars
    } finally {
      limited.reads--
    }
  }

  /** Ends every wait and request; reads that have not ended, and later ones, reject. */
  close(): void {
    this.#isClosed = true
    for (const { gate } of this.#limited.values()) gate.refuseAll(() => new Error('closed'))
    for (const abort of this.#inFlight) abort.abort()
    for (const end of [...this.#endWaits]) end()
  }

  #limitedOf({ id, limitId = id, requestsPerSecondMax }: MarkHistory): Limited {
    const known = this.#limited.get(limitId)
    if (known !== undefined) return known
    const gate = new RequestGate(this.#options.clock, { ...this.#limits, requestsPerSecondMax })
    const limited = { gate, reads: 0, isFailing: false }
    this.#limited.set(limitId, limited)
    return limited
  }

  async #page(page: Page, limited: Limited): Promise<readonly MarkBar[]> {
    const { triesMax, backoffBaseMs, backoffCapMs } = this.#limits
    for (let tries = 1; ; tries++) {
      const tried = await this.#try(page, limited)
      if (this.#isClosed) throw closed(page)
      this.#noted(limited, page, tried)
      if ('bars' in tried) return tried.bars
      if (tried.failure !== 'failed') throw unavailable(page, tried.reason)
      if (tries === triesMax) throw unavailable(page, `${tried.reason}, at the last of ${triesMax} tries`)
      await this.#wait(jitteredDelayMs(tries - 1, backoffBaseMs, backoffCapMs, this.#options.random))
      if (this.#isClosed) throw closed(page)
    }
  }

  async #try(page: Page, { gate }: Limited): Promise<Tried> {
    if (gate.isRefusing) return { reason: pauseText(gate), failure: 'limited' }
    try {
      await gate.enter()
    } catch (error) {
      return { reason: (error as Error).message, failure: 'limited' }
    }
    try {
      return this.#judged(page, gate, await this.#answer(page))
    } catch (error) {
      return { reason: requestErrorText(error as Error), failure: 'failed' }
    } finally {
      gate.leave()
    }
  }

  /** Rejects if there is no answer in time. */
  async #answer({ history, symbol, fromMs, toMs }: Page): Promise<HttpAnswer> {
    const { clock, machine, urls = {} } = this.#options
    const { requestTimeoutMs } = this.#limits
    const abort = new AbortController()
    this.#inFlight.add(abort)
    const cancel = clock.after(requestTimeoutMs, () =>
      abort.abort(new Error(`no answer after ${requestTimeoutMs} ms`)),
    )
    try {
      const url = history.requestUrl(urls[history.id] ?? history.url, symbol, fromMs, toMs)
      return await machine.httpGet(url, history.bodyBytesMax, abort.signal)
    } finally {
      cancel()
      this.#inFlight.delete(abort)
    }
  }

  /** Bars outside of the page were not asked for, and are left out. */
  #judged(page: Page, gate: RequestGate, { status, body, retryAfter }: HttpAnswer): Tried {
    if (status >= 200 && status <= 299) {
      const bars = page.history.parse(body, page.symbol)
      return {
        bars: bars.filter(({ openTimeMs }) => openTimeMs >= page.fromMs && openTimeMs <= page.toMs),
      }
    }
    const reason = `the venue answers with status ${status}: ${body.slice(0, REPLY_CHARACTERS_MAX)}`
    const { limitedPauseMs, bannedPauseMs } = this.#limits
    if (status >= 500) return { reason, failure: 'failed' }
    if (status !== 403 && status !== 418 && status !== 429) return { reason, failure: 'refused' }
    const defaultMs = status === 403 ? bannedPauseMs : limitedPauseMs
    gate.pause(
      retryAfterMsOf(retryAfter, this.#options.clock.nowMs()) ?? defaultMs,
      () => new Error(pauseText(gate)),
    )
    return { reason, failure: gate.isRefusing ? 'limited' : 'failed' }
  }

  /** One line of the log when the venue begins to fail, and one when it answers again. */
  #noted(limited: Limited, { history, symbol }: Page, tried: Tried): void {
    const { log } = this.#options
    const hasFailed = 'reason' in tried
    if (hasFailed && tried.failure === 'refused') return
    if (hasFailed === limited.isFailing) return
    limited.isFailing = hasFailed
    if (hasFailed)
      log.warn({ history: history.id, symbol, reason: tried.reason }, 'past prices cannot be read')
    else log.info({ history: history.id }, 'past prices are read again')
  }

  async #wait(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel()
        this.#endWaits.delete(end)
        resolve()
      }
      const cancel = this.#options.clock.after(delayMs, end)
      this.#endWaits.add(end)
    })
  }
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

function closed(page: Page): PlimsollError {
  return unavailable(page, 'the reader is closed')
}

function pauseText(gate: RequestGate): string {
  return `the venue wants no requests for another ${Math.ceil(gate.pauseMs / 1_000)} s`
}
