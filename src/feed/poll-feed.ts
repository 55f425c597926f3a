import type { PollSource } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { HttpAnswer } from '../system/index.ts'
import { jitteredDelayMs } from './backoff.ts'
import { CheckLoop } from './check-loop.ts'
import { FrameReader } from './frame-reader.ts'
import { Hearing } from './hearing.ts'
import { Intake } from './intake.ts'
import { FEED_LIMITS, type FeedLimits, POLL_JITTER_SHARE, REPLY_CHARACTERS_MAX } from './limits.ts'
import type { MarketStatus } from './markets.ts'
import { OutageLog } from './outage.ts'
import { requestErrorText } from './request-error.ts'
import { RequestPause } from './request-pause.ts'
import { pauseMsOf } from './retry-after.ts'
import { type Feed, type FeedOptions, noCounts } from './types.ts'

/** With one of these a venue says that it lacks what was asked for. Others are faults of the server, of the key or of the address. */
const REFUSING_STATUSES = [400, 404, 410, 422]

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
  readonly #pause: RequestPause
  /** Requests in a row that failed. */
  #failures = 0
  #isLive = false
  #cancelWait: () => void = () => {}
  #abort: AbortController | undefined
  #isClosed = false

  /** @throws PlimsollError CONFIGURATION for a URL that is not an HTTP one, or for more symbols than a request takes. */
  constructor(source: PollSource, options: FeedOptions) {
    const { clock, log, sink, judgedUntilMs } = options
    this.#options = options
    this.source = source
    this.#pause = options.requestPause ?? new RequestPause(clock)
    const limits = { ...FEED_LIMITS, ...options.limits }
    this.#limits = limits
    this.#url = checkedUrl(options.url ?? source.url)
    const hearing = new Hearing(clock, limits.checkLateMs)
    this.#hearing = hearing
    const { counters } = this
    const intake = new Intake({ source, clock, limits, sink, counters, judgedUntilMs })
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

  /** Later if the venue wants no request yet: then with a jitter, so that its feeds do not come back all at once. */
  #askAfter(delayMs: number): void {
    if (this.#isClosed) return
    const { clock, random } = this.#options
    const { leftMs } = this.#pause
    const isPaused = leftMs > delayMs
    // The answer to another feed of the source makes this one wait.
    if (isPaused && this.#isLive) this.#lost(this.#pauseText())
    this.#cancelWait = clock.after(isPaused ? leftMs + random() * this.source.cadenceMs : delayMs, () => {
      if (this.#pause.leftMs > 0) this.#askAfter(0)
      else void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    const { clock, machine } = this.#options
    const { pollTimeoutMs } = this.#limits
    const abort = new AbortController()
    this.#abort = abort
    const cancel = clock.after(pollTimeoutMs, () =>
      abort.abort(new Error(`no answer after ${pollTimeoutMs} ms`)),
    )
    const asked = this.#intake.symbols
    try {
      const url = this.source.requestUrl(this.#url, asked)
      const answer = await machine.httpGet(url, this.source.bodyBytesMax, abort.signal)
      if (!this.#isClosed) this.#answered(answer, asked)
    } catch (error) {
      if (!this.#isClosed) this.#failed(requestErrorText(error as Error))
    } finally {
      cancel()
    }
  }

  #answered(answer: HttpAnswer, asked: readonly string[]): void {
    const { status, body } = answer
    if (status >= 200 && status <= 299) {
      if (this.#reader.read(body)) this.#read(this.#reader.requestRefusal, asked)
      else this.#failed('the body cannot be read')
      return
    }
    const refusal = REFUSING_STATUSES.includes(status) ? this.#reader.refusalIn(body) : undefined
    if (refusal !== undefined) {
      this.#read(refusal, asked)
      return
    }
    const pauseMs = pauseMsOf(answer, this.#options.clock.nowMs())
    this.#pause.extend(Math.min(pauseMs, this.#limits.pollPauseMaxMs))
    const reason = `the venue answers with status ${status}: ${body.slice(0, REPLY_CHARACTERS_MAX)}`
    this.#failed(pauseMs > 0 ? `${reason}; ${this.#pauseText()}` : reason)
  }

  /** `refusal`: the venue's words if it refuses what was asked for. Of several markets it does not say which one it means. */
  #read(refusal: string | undefined, asked: readonly string[]): void {
    if (refusal !== undefined) {
      if (asked.length > 1) {
        this.#failed(`the venue refuses the request: ${refusal.slice(0, REPLY_CHARACTERS_MAX)}`)
        return
      }
      for (const symbol of asked)
        if (this.#intake.all.has(symbol)) this.#intake.refused(symbol, refusal, true, this.#hearing.nowMs())
    }
    this.#succeeded()
  }

  #succeeded(): void {
    this.#failures = 0
    if (!this.#isLive) {
      this.#isLive = true
      const markets = this.#intake.freshText
      this.#outage.live(markets, this.#options.clock.monotonicMs())
      this.#options.sink.connection('live', markets)
    }
    this.#askAfter(this.#cadenceMs())
  }

  #failed(reason: string): void {
    const { backoffBaseMs, pollBackoffCapMs } = this.#limits
    this.#lost(reason)
    const backoffMs = jitteredDelayMs(this.#failures++, backoffBaseMs, pollBackoffCapMs, this.#options.random)
    this.#askAfter(this.#cadenceMs() + backoffMs)
  }

  #lost(reason: string): void {
    const { clock, sink } = this.#options
    this.#isLive = false
    this.#outage.lost(reason, clock.monotonicMs())
    sink.connection('lost', reason)
    sink.interrupted(this.#intake.symbols)
    this.counters.reconnects++
  }

  #pauseText(): string {
    return `no request for ${Math.ceil(this.#pause.leftMs / 1_000)} s, as the venue wants`
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
