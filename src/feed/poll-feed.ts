import type { PollSource } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jitteredDelayMs } from './backoff.ts'
import { CheckLoop } from './check-loop.ts'
import { FrameReader } from './frame-reader.ts'
import { Hearing } from './hearing.ts'
import { Intake } from './intake.ts'
import { FEED_LIMITS, type FeedLimits, POLL_JITTER_SHARE } from './limits.ts'
import type { MarketStatus } from './markets.ts'
import { OutageLog } from './outage.ts'
import { type Feed, type FeedOptions, noCounts } from './types.ts'

/** Asks a URL every `cadenceMs`, one request at a time. Each body is one instant. */
export class PollFeed implements Feed {
  readonly source: PollSource
  readonly counters = noCounts()
  readonly #options: FeedOptions
  readonly #limits: FeedLimits
  readonly #url: string
  readonly #hearing: Hearing
  readonly #intake: Intake
  readonly #reader: FrameReader
  readonly #outage: OutageLog
  readonly #checks: CheckLoop
  /** Requests in a row that failed. */
  #failures = 0
  #isLive = false
  #cancelWait: () => void = () => {}
  #abort: AbortController | undefined
  #isClosed = false

  /** @throws PlimsollError CONFIGURATION for a URL that is not an HTTP one, or for more symbols than a request takes. */
  constructor(source: PollSource, options: FeedOptions) {
    const { clock, log, sink } = options
    this.#options = options
    this.source = source
    const limits = { ...FEED_LIMITS, ...options.limits }
    this.#limits = limits
    this.#url = checkedUrl(options.url ?? source.url)
    const hearing = new Hearing(clock, limits.checkLateMs)
    this.#hearing = hearing
    const { counters } = this
    const intake = new Intake({ source, clock, limits, sink, counters })
    this.#intake = intake
    this.#reader = new FrameReader({ source, clock, hearing, intake, counters })
    this.#outage = new OutageLog(source.id, limits, log)
    this.add(options.symbols)
    const check = (heardMs: number) => intake.check(heardMs)
    this.#checks = new CheckLoop({ clock, hearing, limits, received: () => counters.frames, check })
    this.#outage.connecting(this.#url)
    sink.connection('connecting', this.#url)
    this.#askAfter(0)
  }

  get markets(): ReadonlyMap<string, MarketStatus> {
    return this.#intake.all
  }

  get blindMarkets(): number {
    return this.#intake.blindMarkets
  }

  refusalOf(symbol: string): string | undefined {
    return this.#intake.refusals.replyOf(symbol)
  }

  /** Adds the symbols to the next request. */
  add(symbols: readonly string[]): void {
    this.#intake.add(symbols, this.#hearing.nowMs(), this.source.symbolsPerRequestMax)
  }

  /** Leaves the symbols out of the next request. */
  remove(symbols: readonly string[]): void {
    this.#intake.remove(symbols)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelWait()
    this.#checks.close()
    this.#abort?.abort()
  }

  #askAfter(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelWait = this.#options.clock.after(delayMs, () => void this.#ask())
  }

  async #ask(): Promise<void> {
    const { clock, machine } = this.#options
    const { pollTimeoutMs } = this.#limits
    const abort = new AbortController()
    this.#abort = abort
    let isLate = false
    const cancel = clock.after(pollTimeoutMs, () => {
      isLate = true
      abort.abort()
    })
    try {
      const url = this.source.requestUrl(this.#url, this.#intake.symbols)
      const { status, body } = await machine.httpGet(url, this.source.bodyBytesMax, abort.signal)
      if (!this.#isClosed) this.#answered(status, body)
    } catch (error) {
      const reason = isLate ? `no answer after ${pollTimeoutMs} ms` : (error as Error).message
      if (!this.#isClosed) this.#failed(reason)
    } finally {
      cancel()
    }
  }

  #answered(status: number, body: string): void {
    const fault = this.#faultOf(status, body)
    if (fault !== undefined) {
      this.#failed(fault)
      return
    }
    this.#failures = 0
    if (!this.#isLive) {
      this.#isLive = true
      const markets = this.#intake.freshText
      this.#outage.live(markets, this.#options.clock.monotonicMs())
      this.#options.sink.connection('live', markets)
    }
    this.#askAfter(this.#cadenceMs())
  }

  #faultOf(status: number, body: string): string | undefined {
    if (status < 200 || status > 299) return `the venue answers with status ${status}`
    return this.#reader.read(body) ? undefined : 'the body cannot be read'
  }

  #failed(reason: string): void {
    const { clock, random, sink } = this.#options
    const { backoffBaseMs, pollBackoffCapMs } = this.#limits
    this.#isLive = false
    this.#outage.lost(reason, clock.monotonicMs())
    sink.connection('lost', reason)
    sink.interrupted(this.#intake.symbols)
    this.counters.reconnects++
    const backoffMs = jitteredDelayMs(this.#failures++, backoffBaseMs, pollBackoffCapMs, random)
    this.#askAfter(this.#cadenceMs() + backoffMs)
  }

  /** The cadence with jitter, so that the requests of many workers spread. */
  #cadenceMs(): number {
    return this.source.cadenceMs * (1 + POLL_JITTER_SHARE * (2 * this.#options.random() - 1))
  }
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new PlimsollError('CONFIGURATION', `${url} must be a URL that begins with http:// or https://`)
}
