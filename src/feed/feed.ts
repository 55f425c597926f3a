import type { TickDetails, VenueStream } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jitteredDelayMs } from './backoff.ts'
import { Hearing } from './hearing.ts'
import { FEED_LIMITS, type FeedLimits, READ_TURNS_MAX, REPLY_CHARACTERS_MAX } from './limits.ts'
import { type FrameTime, type MarketStatus, Markets } from './markets.ts'
import { OutageLog } from './outage.ts'
import { Refusals, refusalDelayMs } from './refusals.ts'
import { Renewals } from './renewals.ts'
import { Session, type SessionOwner } from './session.ts'
import { type Feed, type FeedOptions, noCounts } from './types.ts'

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
  readonly #refusals: Refusals
  readonly #hearing: Hearing
  readonly #outage: OutageLog
  readonly #renewals: Renewals
  readonly #freshened: string[] = []
  readonly #frame: FrameTime = { receivedMonotonicMs: 0, receivedTimeMs: 0, heardMs: 0 }
  /** The session that counts as the connection, and the one that is to take over from it. */
  #current: Session | undefined
  #next: Session | undefined
  #attempt = 0
  /** Connections in a row to which the venue refused every market. */
  #refusedSessions = 0
  #cancelConnect: (() => void) | undefined
  #cancelCheck: () => void = () => {}
  /** Monotonic time when a refusal of nothing that was asked was last reported. */
  #unaskedMs = Number.NEGATIVE_INFINITY
  #isInFrame = false
  #isClosed = false

  constructor(options: FeedOptions) {
    const { stream, clock, log } = options
    this.#options = options
    this.stream = stream
    this.#limits = { ...FEED_LIMITS, ...options.limits }
    this.#url = checkedUrl(options.url ?? stream.url)
    this.#hearing = new Hearing(clock, this.#limits.checkLateMs)
    this.#refusals = new Refusals(this.#limits)
    this.#outage = new OutageLog(stream.id, this.#limits, log)
    this.#markets = new Markets({
      staleAfterMs: Math.max(5 * stream.cadenceMs, this.#limits.stalenessMinMs),
      firstMarkMs: this.#limits.firstMarkMs,
      aheadOfClock: () => void this.counters.aheadOfClock++,
    })
    this.#renewals = new Renewals({
      ...{ stream, clock, limits: this.#limits },
      ...{ markets: this.#markets, refusals: this.#refusals },
    })
    this.#scheduleCheck()
    this.add(options.symbols)
    this.#outage.connecting(this.#url)
    this.#connectLater(0)
  }

  get markets(): ReadonlyMap<string, MarketStatus> {
    return this.#markets.all
  }

  get blindMarkets(): number {
    return this.#markets.all.size - this.#markets.count('fresh')
  }

  refusalOf(symbol: string): string | undefined {
    return this.#refusals.replyOf(symbol)
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
    for (const symbol of added) this.#markets.add(symbol, this.#hearing.nowMs())
    this.#current?.add(added)
    this.#next?.add(added)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelConnect?.()
    this.#cancelCheck()
    await Promise.all([this.#current?.close(), this.#next?.close()])
  }

  frameStarted(receivedMonotonicMs: number, heardMs: number): void {
    this.#frame.receivedMonotonicMs = receivedMonotonicMs
    this.#frame.receivedTimeMs = this.#options.clock.nowMs()
    this.#frame.heardMs = heardMs
  }

  tick(symbol: string, markPrice: string, eventTimeMs: number, details: TickDetails): void {
    if (!this.#accepts(symbol, markPrice, eventTimeMs)) return
    this.counters.ticks++
    this.#options.sink.tick(symbol, markPrice, eventTimeMs, details)
  }

  unchanged(symbol: string, eventTimeMs: number): void {
    if (!this.#accepts(symbol, undefined, eventTimeMs)) return
    this.counters.unchanged++
    this.#options.sink.unchanged(symbol, eventTimeMs)
  }

  frameEnded(): void {
    if (this.#isInFrame) {
      this.#isInFrame = false
      this.#options.sink.frameEnd()
    }
    if (this.#freshened.length === 0) return
    this.taken(this.#freshened)
    for (const symbol of this.#freshened.splice(0)) this.#options.sink.marketState(symbol, 'fresh')
  }

  live(session: Session): void {
    if (session !== this.#current) return
    this.#refusedSessions = 0
    const markets = `${this.#markets.count('fresh')} of ${this.#markets.all.size} markets`
    this.#outage.live(markets, this.#options.clock.monotonicMs())
    this.#options.sink.connection('live', markets)
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

  refused(session: Session, symbol: string, reply: string): void {
    const text = reply.slice(0, REPLY_CHARACTERS_MAX)
    this.#markets.refused(symbol)
    const isFirst = this.#refusals.add(symbol, text, this.#hearing.nowMs(), session.hasTaken)
    if (isFirst) this.#options.sink.marketRefused(symbol, text)
    else this.counters.refusedAgain++
  }

  taken(symbols: readonly string[]): void {
    if (this.#refusals.size === 0) return
    for (const symbol of symbols) {
      const refusals = this.#refusals.taken(symbol)
      if (refusals === 0) continue
      this.#markets.taken(symbol, this.#hearing.nowMs())
      this.#options.sink.marketTaken(symbol, refusals)
    }
  }

  refusedUnasked(reply: string): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#unaskedMs < this.#limits.outageLineEveryMs) return
    this.#unaskedMs = nowMs
    const text = reply.slice(0, REPLY_CHARACTERS_MAX)
    const message = `${this.stream.id} refused what was not asked for: ${text}`
    this.#options.sink.fault(new PlimsollError('FEED_REJECTED', message))
  }

  failed(error: Error): void {
    this.#isInFrame = false
    this.#options.sink.fault(error)
  }

  #accepts(symbol: string, markPrice: string | undefined, eventTimeMs: number): boolean {
    const acceptance = this.#markets.accept(symbol, markPrice, eventTimeMs, this.#frame)
    if (acceptance === 'older') this.counters.droppedOld++
    else if (acceptance === 'doubtful') this.counters.doubtful++
    else if (acceptance === 'foreign') this.counters.foreign++
    else if (acceptance === 'freshened') this.#freshened.push(symbol)
    if (acceptance !== 'accepted' && acceptance !== 'freshened') return false
    if (!this.#isInFrame) {
      this.#isInFrame = true
      this.#options.sink.frameStart(this.#frame.receivedMonotonicMs, this.#frame.receivedTimeMs)
    }
    return true
  }

  #reconnect(session: Session, reason: string): void {
    const { clock, random, sink } = this.#options
    const nowMs = clock.monotonicMs()
    this.#outage.lost(reason, nowMs)
    sink.connection('lost', reason)
    this.counters.reconnects++
    this.#markets.forgetOrder()
    if (session.wasLive && nowMs - session.openedMonotonicMs >= this.#limits.stableAfterMs) this.#attempt = 0
    if (session.wasRefusedEverything) {
      this.#connectLater(refusalDelayMs(++this.#refusedSessions, this.#limits))
    } else {
      const { backoffBaseMs, backoffCapMs } = this.#limits
      this.#connectLater(jitteredDelayMs(this.#attempt++, backoffBaseMs, backoffCapMs, random))
    }
  }

  #connectLater(delayMs: number): void {
    if (this.#isClosed) return
    const waitMs = Math.max(delayMs, this.#options.budget.reserve())
    this.#cancelConnect = this.#options.clock.after(waitMs, () => {
      this.#options.sink.connection('connecting', this.#url)
      this.#current = this.#openSession()
    })
  }

  #openSession(): Session {
    const { stream, counters } = this
    const symbols = [...this.#markets.all.keys()]
    const shared = { clock: this.#options.clock, hearing: this.#hearing, limits: this.#limits, counters }
    const batched = this.#refusals.batched(symbols)
    return new Session({ stream, url: this.#url, symbols, batched, ...shared }, this)
  }

  #scheduleCheck(): void {
    if (this.#isClosed) return
    const { checkEveryMs } = this.#limits
    this.#hearing.expectCheck(checkEveryMs)
    this.#cancelCheck = this.#options.clock.after(checkEveryMs, () => {
      this.#hearing.nowMs()
      this.#readThenCheck(this.#hearing.wasDeaf ? READ_TURNS_MAX : 1)
    })
  }

  /** What waits in the sockets is heard before anything is judged; after a blocked event loop that takes many turns. */
  #readThenCheck(turnsLeft: number): void {
    const { frames } = this.counters
    this.#options.clock.nextTurn(() => {
      if (this.#isClosed) return
      if (this.counters.frames > frames && turnsLeft > 1) this.#readThenCheck(turnsLeft - 1)
      else this.#check()
    })
  }

  #check(): void {
    const heardMs = this.#hearing.nowMs()
    this.#current?.check(heardMs)
    this.#next?.check(heardMs)
    this.#markets.check(heardMs, (symbol, state) => this.#options.sink.marketState(symbol, state))
    if (!this.#isClosed && this.#current !== undefined) this.#tend(this.#current, heardMs)
    this.#scheduleCheck()
  }

  /** What a connection needs over time: refused markets asked for again, and a successor. */
  #tend(current: Session, heardMs: number): void {
    if (current.isLive) {
      const symbol = this.#refusals.due(heardMs, (name) => current.isRefused(name))
      if (symbol !== undefined) current.askAgain(symbol)
    }
    if (this.#next === undefined) this.#renewWhereDue(current, heardMs)
    else if (this.#next.isLive && this.#coversAll(this.#next)) this.#takeOver(this.#next, 'renewed')
  }

  /** Opens a second socket beside the live one. Both are heard until the second has every market of the first. */
  #renewWhereDue(current: Session, nowMs: number): void {
    if (!current.isLive) return
    const reason = this.#renewals.reason(current, nowMs)
    if (reason === undefined || !this.#options.budget.tryReserve()) return
    this.#renewals.started(nowMs)
    this.#options.log.info({ stream: this.stream.id, reason }, 'renewing the connection')
    this.#next = this.#openSession()
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
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)) return url
  throw new PlimsollError('CONFIGURATION', `${url} is no WebSocket URL; it must begin with ws:// or wss://`)
}
