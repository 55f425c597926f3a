import type { SocketSource } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jitteredDelayMs } from './backoff.ts'
import { CheckLoop } from './check-loop.ts'
import { Hearing } from './hearing.ts'
import { Intake } from './intake.ts'
import { FEED_LIMITS, type FeedLimits } from './limits.ts'
import type { MarketStatus } from './markets.ts'
import { OutageLog } from './outage.ts'
import { refusalDelayMs } from './refusals.ts'
import { Renewals } from './renewals.ts'
import { Session, type SessionOwner } from './session.ts'
import { type Feed, type FeedOptions, noCounts } from './types.ts'

/** Keeps one connection to a WebSocket: subscribes, watches, reconnects, and renews it before the venue ends it. */
export class SocketFeed implements Feed, SessionOwner {
  readonly source: SocketSource
  readonly counters = noCounts()
  readonly #options: FeedOptions
  readonly #limits: FeedLimits
  readonly #url: string
  readonly #intake: Intake
  readonly #hearing: Hearing
  readonly #outage: OutageLog
  readonly #renewals: Renewals
  readonly #checks: CheckLoop
  /** The session that is the connection now, and the one that will replace it. */
  #current: Session | undefined
  #next: Session | undefined
  #attempt = 0
  /** Connections in a row to which the venue refused every market. */
  #refusedSessions = 0
  #cancelConnect: (() => void) | undefined
  #isClosed = false

  /** @throws PlimsollError CONFIGURATION for a URL that is not a WebSocket's, or for more symbols than a connection takes. */
  constructor(source: SocketSource, options: FeedOptions) {
    const { clock, log, sink, judgedUntilMs } = options
    this.#options = options
    this.source = source
    const limits = { ...FEED_LIMITS, ...options.limits }
    this.#limits = limits
    this.#url = checkedUrl(options.url ?? source.url)
    this.#hearing = new Hearing(clock, limits.checkLateMs)
    this.#intake = new Intake({ source, clock, limits, sink, counters: this.counters, judgedUntilMs })
    this.#outage = new OutageLog(source.id, limits, log)
    const { markets, refusals } = this.#intake
    this.#renewals = new Renewals({ source, clock, limits, markets, refusals })
    this.add(options.symbols)
    this.#checks = new CheckLoop({
      clock,
      hearing: this.#hearing,
      limits,
      received: () => this.counters.frames,
      check: (heardMs) => this.#check(heardMs),
    })
    this.#outage.connecting(this.#url)
    this.#connectLater(0)
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

  add(symbols: readonly string[]): void {
    const added = this.#intake.add(symbols, this.#hearing.nowMs(), this.source.symbolsPerConnectionMax)
    this.#current?.add(added)
    this.#next?.add(added)
  }

  /** Unsubscribes from them on the open connections, where the venue takes that; a later connection does not ask for them. */
  remove(symbols: readonly string[]): void {
    this.#intake.remove(symbols)
    this.#current?.subscription.remove(symbols)
    this.#next?.subscription.remove(symbols)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelConnect?.()
    this.#checks.close()
    await Promise.all([this.#current?.close(), this.#next?.close()])
  }

  live(session: Session): void {
    if (session !== this.#current) return
    this.#refusedSessions = 0
    const markets = this.#intake.freshText
    this.#outage.live(markets, this.#options.clock.monotonicMs())
    this.#options.sink.connection('live', markets)
  }

  ended(session: Session, reason: string): void {
    if (!this.#wasStable(session)) this.#options.budget.failed()
    if (session === this.#next) {
      this.#next = undefined
      this.#options.log.warn({ stream: this.source.id, reason }, 'renewal failed')
    } else if (this.#next !== undefined) {
      const { subscription } = this.#next
      this.#options.sink.interrupted(this.#intake.symbols.filter((symbol) => !subscription.hasTickOf(symbol)))
      this.#takeOver(this.#next, reason)
    } else {
      this.#current = undefined
      this.#reconnect(session, reason)
    }
  }

  #reconnect(session: Session, reason: string): void {
    const { clock, random, sink } = this.#options
    const nowMs = clock.monotonicMs()
    this.#outage.lost(reason, nowMs)
    sink.connection('lost', reason)
    sink.interrupted(this.#intake.symbols)
    this.counters.reconnects++
    this.#intake.markets.forgetOrder()
    if (this.#wasStable(session)) this.#attempt = 0
    if (session.wasRefusedEverything) {
      this.#connectLater(refusalDelayMs(++this.#refusedSessions, this.#limits))
    } else {
      const { backoffBaseMs, backoffCapMs } = this.#limits
      this.#connectLater(jitteredDelayMs(this.#attempt++, backoffBaseMs, backoffCapMs, random))
    }
  }

  #wasStable(session: Session): boolean {
    const livedMs = this.#options.clock.monotonicMs() - session.openedMonotonicMs
    return session.wasLive && livedMs >= this.#limits.stableAfterMs
  }

  /** The turn at the budget comes when the delay is over: a feed with a long one holds up no other. */
  #connectLater(delayMs: number): void {
    if (this.#isClosed) return
    const { clock, budget } = this.#options
    this.#cancelConnect = clock.after(delayMs, () => {
      const waitMs = budget.reserve()
      if (waitMs === 0) this.#connect()
      else this.#cancelConnect = clock.after(waitMs, () => this.#connect())
    })
  }

  #connect(): void {
    this.#options.sink.connection('connecting', this.#url)
    this.#current = this.#openSession()
  }

  #openSession(): Session {
    const { clock, machine } = this.#options
    const symbols = this.#intake.symbols
    const options = {
      source: this.source,
      url: this.#url,
      symbols,
      batched: this.#intake.refusals.batched(symbols),
      clock,
      connect: machine.connect,
      hearing: this.#hearing,
      limits: this.#limits,
      counters: this.counters,
      intake: this.#intake,
      isBeside: () => this.#current !== undefined && this.#next !== undefined,
    }
    return new Session(options, this)
  }

  #check(heardMs: number): void {
    this.#current?.check(heardMs)
    this.#next?.check(heardMs)
    this.#intake.check(heardMs)
    if (!this.#isClosed && this.#current !== undefined) this.#tend(this.#current, heardMs)
  }

  /** Requests refused markets again and renews the connection when they are due. */
  #tend(current: Session, heardMs: number): void {
    if (current.isLive) {
      const symbol = this.#intake.refusals.due(heardMs, (name) => current.subscription.isRefused(name))
      if (symbol !== undefined) current.subscription.askAgain(symbol)
    }
    if (this.#next === undefined) this.#renewWhereDue(current, heardMs)
    else if (this.#next.isLive && this.#coversAll(this.#next)) this.#takeOver(this.#next, 'renewed')
  }

  /** Opens a second socket beside the live one. Frames of both are used until the second has every market of the first. */
  #renewWhereDue(current: Session, nowMs: number): void {
    if (!current.isLive) return
    const reason = this.#renewals.reason(current, nowMs)
    if (reason === undefined || !this.#options.budget.tryReserve()) return
    this.#renewals.started(nowMs)
    this.#options.log.info({ stream: this.source.id, reason }, 'renewing the connection')
    this.#next = this.#openSession()
  }

  #coversAll(session: Session): boolean {
    for (const { symbol, state } of this.#intake.all.values()) {
      if (state === 'fresh' && !session.hasHeard(symbol)) return false
    }
    return true
  }

  #takeOver(session: Session, reason: string): void {
    void this.#current?.close()
    this.#current = session
    this.#next = undefined
    this.counters.renewals++
    this.#options.log.info({ stream: this.source.id, reason }, 'the second connection took over')
  }
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)) return url
  throw new PlimsollError('CONFIGURATION', `${url} must be a URL that begins with ws:// or wss://`)
}
