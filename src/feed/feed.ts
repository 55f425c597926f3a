import type { Clock, Random, TickDetails, VenueStream } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type ConnectBudget, jitteredDelayMs } from './backoff.ts'
import { FEED_LIMITS, type FeedLimits, REPLY_CHARACTERS_MAX } from './limits.ts'
import { type MarketStatus, Markets } from './markets.ts'
import type { Request } from './requests.ts'
import { Session, type SessionOwner } from './session.ts'
import { type ConnectionState, type FeedCounters, type FeedLog, type FeedSink, noCounts } from './types.ts'

export interface FeedOptions {
  readonly stream: VenueStream
  /** Replaces the stream's own URL, for a test network or a simulator. */
  readonly url?: string
  /** At most the stream's `symbolsPerConnectionMax`; `openFeeds` splits more. */
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly sink: FeedSink
  readonly log: FeedLog
  readonly budget: ConnectBudget
  readonly limits?: Partial<FeedLimits>
}

export interface Feed {
  readonly stream: VenueStream
  readonly markets: ReadonlyMap<string, MarketStatus>
  readonly counters: Readonly<FeedCounters>
  /** Markets without a fresh mark: the sum of `stale` and `unknown`. */
  readonly blindMarkets: number
  /** Subscribes to further markets on the connection that is there. Throws where they are too many. */
  add(symbols: readonly string[]): void
  /** Resolves when the sockets are closed. The sink hears nothing after the call. */
  close(): Promise<void>
}

/**
 * Keeps one connection to a stream: subscribes, watches, reconnects with full jitter, and renews it before the venue
 * ends it.
 * @throws PlimsollError CONFIGURATION for a URL that is no WebSocket's, or for more symbols than a connection takes.
 */
export function openFeed(options: FeedOptions): Feed {
  return new ReconnectingFeed(options)
}

class ReconnectingFeed implements Feed, SessionOwner {
  readonly stream: VenueStream
  readonly counters = noCounts()
  readonly #options: FeedOptions
  readonly #limits: FeedLimits
  readonly #url: string
  readonly #markets: Markets
  readonly #freshened: string[] = []
  /** The session that counts as the connection, and the one that is to take over from it. */
  #current: Session | undefined
  #next: Session | undefined
  #attempt = 0
  #cancelConnect: (() => void) | undefined
  #cancelCheck: () => void = () => {}
  #renewedMs = Number.NEGATIVE_INFINITY
  #receivedMs = 0
  #receivedTimeMs = 0
  #isInFrame = false
  #isClosed = false

  constructor(options: FeedOptions) {
    this.#options = options
    this.stream = options.stream
    this.#limits = { ...FEED_LIMITS, ...options.limits }
    this.#url = checkedUrl(options.url ?? options.stream.url)
    this.#markets = new Markets(Math.max(5 * this.stream.cadenceMs, this.#limits.stalenessMinMs))
    this.add(options.symbols)
    this.#connectLater(0)
    this.#scheduleCheck()
  }

  get markets(): ReadonlyMap<string, MarketStatus> {
    return this.#markets.all
  }

  get blindMarkets(): number {
    return this.#markets.all.size - this.#markets.count('fresh')
  }

  add(symbols: readonly string[]): void {
    const added = symbols.filter((symbol) => !this.#markets.all.has(symbol))
    const { id, symbolsPerConnectionMax } = this.stream
    if (this.#markets.all.size + added.length > symbolsPerConnectionMax) {
      throw new PlimsollError(
        'CONFIGURATION',
        `a connection to ${id} takes at most ${symbolsPerConnectionMax} markets`,
      )
    }
    for (const symbol of added) this.#markets.add(symbol, this.#options.clock.monotonicMs())
    this.#current?.add(added)
    this.#next?.add(added)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelConnect?.()
    this.#cancelCheck()
    await Promise.all([this.#current?.close(), this.#next?.close()])
  }

  frameStarted(receivedMonotonicMs: number): void {
    this.#receivedMs = receivedMonotonicMs
    this.#receivedTimeMs = this.#options.clock.nowMs()
  }

  tick(symbol: string, markPrice: string, eventTimeMs: number, details: TickDetails): void {
    if (!this.#accepts(symbol, eventTimeMs)) return
    this.counters.ticks++
    this.#options.sink.tick(symbol, markPrice, eventTimeMs, details)
  }

  unchanged(symbol: string, eventTimeMs: number): void {
    if (!this.#accepts(symbol, eventTimeMs)) return
    this.counters.unchanged++
    this.#options.sink.unchanged(symbol, eventTimeMs)
  }

  frameEnded(): void {
    if (this.#isInFrame) {
      this.#isInFrame = false
      this.#options.sink.frameEnd()
    }
    if (this.#freshened.length === 0) return
    for (const symbol of this.#freshened.splice(0)) this.#options.sink.marketState(symbol, 'fresh')
  }

  live(session: Session): void {
    if (session !== this.#current) return
    this.#report('live', `${this.#markets.count('fresh')} of ${this.#markets.all.size} markets`)
  }

  ended(session: Session, reason: string): void {
    if (session === this.#next) {
      this.#next = undefined
      this.#options.log.warn({ stream: this.stream.id, reason }, 'renewal failed')
    } else if (this.#next !== undefined) {
      this.#takeOver(this.#next, reason)
    } else {
      this.#current = undefined
      this.#reconnect(session, reason)
    }
  }

  refused(request: Request | undefined, reply: string): void {
    const text = reply.slice(0, REPLY_CHARACTERS_MAX)
    if (request !== undefined && request.symbol === undefined) {
      this.#options.log.warn({ stream: this.stream.id, reply: text }, 'batch refused, asking one by one')
      return
    }
    const what = request?.symbol ?? 'a request'
    this.#options.sink.fault(new PlimsollError('FEED_REJECTED', `${this.stream.id} refused ${what}: ${text}`))
  }

  failed(error: Error): void {
    this.#isInFrame = false
    this.#options.sink.fault(error)
  }

  #accepts(symbol: string, eventTimeMs: number): boolean {
    const acceptance = this.#markets.accept(symbol, eventTimeMs, this.#receivedMs)
    if (acceptance === 'older') this.counters.droppedOld++
    if (acceptance === 'foreign') this.counters.foreign++
    if (acceptance === 'older' || acceptance === 'foreign') return false
    if (acceptance === 'freshened') this.#freshened.push(symbol)
    if (!this.#isInFrame) {
      this.#isInFrame = true
      this.#options.sink.frameStart(this.#receivedMs, this.#receivedTimeMs)
    }
    return true
  }

  #reconnect(session: Session, reason: string): void {
    this.#report('lost', reason)
    this.counters.reconnects++
    const livedMs = this.#options.clock.monotonicMs() - session.openedMonotonicMs
    if (session.wasLive && livedMs >= this.#limits.stableAfterMs) this.#attempt = 0
    const { backoffBaseMs, backoffCapMs } = this.#limits
    this.#connectLater(jitteredDelayMs(this.#attempt++, backoffBaseMs, backoffCapMs, this.#options.random))
  }

  #connectLater(delayMs: number): void {
    if (this.#isClosed) return
    const waitMs = Math.max(delayMs, this.#options.budget.reserve())
    this.#cancelConnect = this.#options.clock.after(waitMs, () => {
      this.#report('connecting', this.#url)
      this.#current = this.#openSession()
    })
  }

  #openSession(): Session {
    const { clock } = this.#options
    const symbols = [...this.#markets.all.keys()]
    const { stream, counters } = this
    return new Session({ stream, url: this.#url, symbols, clock, limits: this.#limits, counters }, this)
  }

  #scheduleCheck(): void {
    if (this.#isClosed) return
    this.#cancelCheck = this.#options.clock.after(this.#limits.checkEveryMs, () => {
      this.#check(this.#options.clock.monotonicMs())
      this.#scheduleCheck()
    })
  }

  #check(nowMs: number): void {
    this.#current?.check(nowMs)
    this.#next?.check(nowMs)
    this.#markets.check(nowMs, (symbol) => this.#options.sink.marketState(symbol, 'stale'))
    if (this.#isClosed || this.#current === undefined) return
    if (this.#next === undefined) this.#renewWhereDue(this.#current, nowMs)
    else if (this.#next.isLive && this.#coversAll(this.#next)) this.#takeOver(this.#next, 'renewed')
  }

  /** Opens a second socket beside the live one. Both are heard until the second has every market of the first. */
  #renewWhereDue(current: Session, nowMs: number): void {
    if (!current.isLive) return
    const reason = this.#lifeReason(current, nowMs) ?? this.#silenceReason(current, nowMs)
    if (reason === undefined || !this.#options.budget.tryReserve()) return
    this.#renewedMs = nowMs
    this.#options.log.info({ stream: this.stream.id, reason }, 'renewing the connection')
    this.#next = this.#openSession()
  }

  #lifeReason(current: Session, nowMs: number): string | undefined {
    const { connectionLifeMs } = this.stream
    if (connectionLifeMs === undefined) return undefined
    const overlapMs = Math.min(this.#limits.overlapMs, connectionLifeMs / 2)
    const isDue = nowMs - current.openedMonotonicMs >= connectionLifeMs - overlapMs
    // A renewal that failed is tried again, about ten times before the venue closes the connection.
    const isPaced = nowMs - this.#renewedMs >= overlapMs / 10
    return isDue && isPaced ? 'the venue ends it soon' : undefined
  }

  #silenceReason(current: Session, nowMs: number): string | undefined {
    const { renewalAfterMs, renewalEveryMs } = this.#limits
    if (nowMs - this.#renewedMs < renewalEveryMs) return undefined
    const symbol = this.#markets.silent(nowMs, renewalAfterMs, (name) => current.isRefused(name))
    return symbol === undefined ? undefined : `${symbol} is silent`
  }

  #coversAll(session: Session): boolean {
    for (const { symbol, state } of this.#markets.all.values()) {
      if (state === 'fresh' && !session.hasTicked(symbol)) return false
    }
    return true
  }

  #takeOver(session: Session, reason: string): void {
    void this.#current?.close()
    this.#current = session
    this.#next = undefined
    this.counters.renewals++
    this.#options.log.info({ stream: this.stream.id, reason }, 'the second connection took over')
  }

  #report(state: ConnectionState, reason: string): void {
    const fields = { stream: this.stream.id, reason }
    if (state === 'lost') this.#options.log.warn(fields, 'connection lost')
    else this.#options.log.info(fields, state === 'live' ? 'connection live' : 'connecting')
    this.#options.sink.connection(state, reason)
  }
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)) return url
  throw new PlimsollError('CONFIGURATION', `${url} is no WebSocket URL; it must begin with ws:// or wss://`)
}
