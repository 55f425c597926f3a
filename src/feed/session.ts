import {
  type Clock,
  counted,
  type FeedCounters,
  type FrameKind,
  type FrameParser,
  type FrameSink,
  type Funding,
  type MarkSource,
  type PriceKind,
  type SocketSource,
} from '../domain/index.ts'
import type { Connect, Socket } from '../system/index.ts'
import { Answers } from './answers.ts'
import type { Hearing } from './hearing.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Intake } from './intake.ts'
import { LifeSign } from './life-sign.ts'
import {
  BUFFERED_CHUNKS_MAX,
  type FeedLimits,
  FRAGMENTS_MAX,
  FRAME_BYTES_MAX,
  UNSENT_BYTES_MAX,
} from './limits.ts'
import { MalformedWindow } from './malformed-window.ts'
import { StoredPrices } from './stored-prices.ts'
import { Subscription } from './subscription.ts'

export interface SessionOptions {
  readonly source: SocketSource
  readonly url: string
  /** All markets of the connection. */
  readonly symbols: readonly string[]
  /** The markets that are requested at once; the others count as refused. */
  readonly batched: readonly string[]
  readonly clock: Clock
  readonly connect: Connect
  readonly hearing: Hearing
  readonly limits: FeedLimits
  readonly counters: FeedCounters
  readonly intake: Intake
  /** Whether another connection of the feed is open beside this one. */
  readonly isBeside: () => boolean
}

/** What a session reports to the feed that owns it. */
export interface SessionOwner {
  /** All requests are answered, and the markets tick or their time for the first tick has passed. */
  live(session: Session): void
  /** The last call of a session that was not closed by the feed. */
  ended(session: Session, reason: string): void
}

/** One WebSocket from connect to end. It never reconnects; its watchdogs run when the feed calls `check`. */
export class Session implements FrameSink {
  readonly openedMonotonicMs: number
  /** What it has requested, and the answers. Markets are added by `add`. */
  readonly subscription: Subscription
  #state: 'connecting' | 'subscribing' | 'live' | 'ended' = 'connecting'
  readonly #options: SessionOptions
  readonly #owner: SessionOwner
  readonly #intake: Intake
  readonly #socket: Socket
  readonly #parser: FrameParser
  readonly #answers: Answers
  /** Holds the first prices of a source that may have stored them. */
  readonly #stored: StoredPrices | undefined
  /** Takes the prices. */
  readonly #prices: Intake | StoredPrices
  /** Called when the socket has closed. */
  #closed: () => void = () => {}
  #wasLive = false
  #wasRefusedEverything = false
  readonly #openedMs: number
  #lastFrameMs: number
  readonly #window: MalformedWindow
  readonly #heartbeat: Heartbeat
  readonly #lifeSign: LifeSign

  constructor(options: SessionOptions, owner: SessionOwner) {
    const { source, url, symbols, batched, clock, connect, hearing, limits, intake } = options
    this.#options = options
    this.#owner = owner
    this.#intake = intake
    this.#stored = source.statesStoredFirst === true ? new StoredPrices(options) : undefined
    this.#prices = this.#stored ?? intake
    this.#parser = source.createParser()
    this.openedMonotonicMs = clock.monotonicMs()
    this.#openedMs = hearing.nowMs()
    this.#lastFrameMs = this.#openedMs
    this.#window = new MalformedWindow(limits, this.#openedMs)
    const socketLimits = {
      frameBytesMax: FRAME_BYTES_MAX,
      fragmentsMax: FRAGMENTS_MAX,
      bufferedChunksMax: BUFFERED_CHUNKS_MAX,
    }
    this.#socket = connect(url, socketLimits, {
      opened: () => this.#opened(),
      frame: (text, isBinary) => this.#received(text, isBinary),
      ponged: () => {
        this.#lifeSign.ponged()
        this.#count('heartbeat', hearing.nowMs())
      },
      failed: (error) => this.#end(error.message),
      closed: (code) => {
        this.#closed()
        this.#end(`closed by the venue with code ${code}`)
      },
    })
    this.#heartbeat = new Heartbeat(source, limits, this.#socket, this.#openedMs)
    this.#lifeSign = new LifeSign(source, limits, this.#socket)
    const send = (frame: string) => this.#socket.send(frame)
    this.subscription = new Subscription({ source, symbols, batched, clock, hearing, limits, send })
    this.#answers = new Answers(this.subscription, intake, this.#stored)
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  get wasLive(): boolean {
    return this.#wasLive
  }

  /** Whether it ended because the venue refused every market. */
  get wasRefusedEverything(): boolean {
    return this.#wasRefusedEverything
  }

  /** Whether it has stated a price of the market that counts. */
  hasHeard(symbol: string): boolean {
    return this.subscription.hasTickOf(symbol) && this.#stored?.isHeld(symbol) !== true
  }

  /** Further markets. One whose channel comes already has the price that the parser remembers. */
  add(symbols: readonly string[]): void {
    this.subscription.add(symbols)
    if (this.#parser.restate === undefined || this.#state === 'ended') return
    const { clock, hearing } = this.#options
    const restate = () => this.#parser.restate?.(symbols, this)
    try {
      this.#intake.frameStarted(clock.monotonicMs(), hearing.nowMs())
      if (this.#stored === undefined) restate()
      else this.#stored.join(symbols, restate)
      this.#intake.frameEnded()
    } catch (error) {
      this.#intake.failed(error as Error)
    }
  }

  /** Checks every deadline. `nowMs` is the time of the feed's `Hearing`. */
  check(nowMs: number): void {
    const overdue = this.#overdue(nowMs)
    if (overdue !== undefined) {
      this.#end(overdue)
    } else {
      this.#answers.refuseLate(nowMs)
      if (this.#state !== 'connecting') {
        this.#heartbeat.beat(nowMs)
        this.#lifeSign.beat(nowMs, this.#lastFrameMs)
      }
      this.#settle(nowMs)
    }
  }

  /** Closes without calling `owner.ended`: a close frame first, `terminate` after closeTimeoutMs. */
  close(): Promise<void> {
    const wasEnded = this.#state === 'ended'
    this.#state = 'ended'
    this.subscription.close()
    if (wasEnded || this.#socket.isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const { clock, limits } = this.#options
      const cancel = clock.after(limits.closeTimeoutMs, () => this.#socket.terminate())
      this.#closed = () => {
        cancel()
        resolve()
      }
      this.#socket.close()
    })
  }

  price(
    kind: PriceKind,
    symbol: string,
    price: string,
    eventTimeMs: number | undefined,
    funding: Funding | undefined,
    markSource?: MarkSource,
  ): void {
    if (kind !== 'settlement' && this.#intake.all.has(symbol)) this.subscription.ticked(symbol)
    this.#prices.price(kind, symbol, price, eventTimeMs, funding, markSource)
  }

  unchanged(symbol: string, eventTimeMs: number | undefined, funding: Funding | undefined): void {
    this.#prices.unchanged(symbol, eventTimeMs, funding)
  }

  noMark(symbol: string | undefined, sinceMs: number | undefined): void {
    this.#prices.noMark(symbol, sinceMs)
  }

  acknowledged(symbols: readonly string[] | 'request'): void {
    this.#answers.acknowledged(symbols, this.#lastFrameMs)
  }

  rejected(symbol: string | 'request', reason: string): void {
    this.#answers.rejected(symbol, reason, this.#lastFrameMs)
  }

  reply(frame: string): void {
    if (this.#state === 'ended') return
    if (this.#socket.unsentBytes > UNSENT_BYTES_MAX) {
      this.#end(`the venue has not read ${this.#socket.unsentBytes} bytes that it asked for`)
      return
    }
    this.#options.counters.replies++
    this.#socket.send(frame)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'subscribing'
    this.#options.counters.connects++
    this.#lifeSign.opened(this.#options.hearing.nowMs())
    this.subscription.open()
  }

  #received(frame: string, isBinary: boolean): void {
    if (this.#state === 'ended') return
    const { clock, hearing, counters } = this.#options
    const receivedMs = clock.monotonicMs()
    const heardMs = hearing.at(receivedMs)
    this.#lastFrameMs = heardMs
    counters.frames++
    try {
      this.#intake.frameStarted(receivedMs, heardMs)
      const kind = isBinary ? 'malformed' : this.#parser.parse(frame, this)
      this.#intake.frameEnded()
      this.#count(kind, heardMs)
    } catch (error) {
      this.#intake.failed(error as Error)
    }
  }

  #count(kind: FrameKind, nowMs: number): void {
    const { counters } = this.#options
    if (kind === 'heartbeat') {
      counters.heartbeats++
      this.#heartbeat.ponged()
    } else if (kind !== 'ticks') counters[kind]++
    const reason = this.#window.add(kind === 'malformed', nowMs)
    if (reason !== undefined) this.#end(reason)
  }

  #overdue(nowMs: number): string | undefined {
    const { limits } = this.#options
    if (this.#state === 'connecting') {
      const isLate = nowMs - this.#openedMs > limits.connectTimeoutMs
      return isLate ? `no connection after ${limits.connectTimeoutMs} ms` : undefined
    }
    const unanswered = this.subscription.overdue(nowMs)
    if (unanswered !== undefined) return unanswered
    const unponged = this.#heartbeat.overdue(nowMs)
    if (unponged !== undefined) return unponged
    return this.#lifeSign.overdue(nowMs, this.#lastFrameMs, this.subscription.hasTicked)
  }

  /** Becomes live, or ends when no market ticks. */
  #settle(nowMs: number): void {
    if (this.#state !== 'subscribing') return
    const settlement = this.subscription.settle(nowMs)
    if (settlement === 'live') {
      this.#state = 'live'
      this.#wasLive = true
      this.#owner.live(this)
    } else if (settlement === 'refused') {
      this.#wasRefusedEverything = true
      this.#end(`the venue refuses every market: ${this.#answers.lastRefusal}`)
    } else if (settlement === 'silent') {
      const { firstTickTimeoutMs } = this.#options.limits
      const markets = this.subscription.waiting().length
      this.#end(`no tick of ${counted(markets, 'market')} ${firstTickTimeoutMs} ms after the last reply`)
    }
  }

  #end(reason: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.subscription.close()
    this.#socket.terminate()
    this.#owner.ended(this, reason)
  }
}
