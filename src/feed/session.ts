import { WebSocket } from 'ws'
import type { Clock, FrameKind, FrameParser, TickDetails, TickSink, VenueStream } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'
import { BUFFERED_CHUNKS_MAX, type FeedLimits, FRAGMENTS_MAX, FRAME_BYTES_MAX } from './limits.ts'
import { Subscription } from './subscription.ts'
import type { FeedCounters } from './types.ts'

export interface SessionOptions {
  readonly stream: VenueStream
  readonly url: string
  /** All markets of the connection. */
  readonly symbols: readonly string[]
  /** Those of them that are asked for at once; the rest counts as refused. */
  readonly batched: readonly string[]
  readonly clock: Clock
  readonly hearing: Hearing
  readonly limits: FeedLimits
  readonly counters: FeedCounters
}

/** What a session tells the feed that owns it. */
export interface SessionOwner extends TickSink {
  frameStarted(receivedMonotonicMs: number, heardMs: number): void
  frameEnded(): void
  /** All requests are answered and the markets tick, or have had their time. */
  live(session: Session): void
  /** The last call of a session that was not closed by the feed. */
  ended(session: Session, reason: string): void
  /** The venue refused this one market. */
  refused(session: Session, symbol: string, reply: string): void
  /** The venue took a request for these markets. */
  taken(symbols: readonly string[]): void
  /** A refusal that answers no request of ours. */
  refusedUnasked(reply: string): void
  failed(error: Error): void
}

/** One WebSocket from connect to end. It never reconnects; its watchdogs run when the feed calls `check`. */
export class Session implements TickSink {
  readonly openedMonotonicMs: number
  #state: 'connecting' | 'subscribing' | 'live' | 'ended' = 'connecting'
  readonly #options: SessionOptions
  readonly #owner: SessionOwner
  readonly #socket: WebSocket
  readonly #parser: FrameParser
  readonly #subscription: Subscription
  #wasLive = false
  #wasRefusedEverything = false
  #lastRefusal = ''
  readonly #openedMs: number
  #lastFrameMs: number
  #pingedMs: number
  #awaitsPong = false
  #windowStartMs: number
  #windowFrames = 0
  #windowMalformed = 0

  constructor(options: SessionOptions, owner: SessionOwner) {
    const { stream, url, symbols, batched, clock, hearing, limits } = options
    this.#options = options
    this.#owner = owner
    this.#parser = stream.createParser()
    this.openedMonotonicMs = clock.monotonicMs()
    this.#openedMs = hearing.nowMs()
    this.#lastFrameMs = this.#openedMs
    this.#pingedMs = this.#openedMs
    this.#windowStartMs = this.#openedMs
    // No handshakeTimeout: its timer would fire after a blocked event loop before the answer is read. `check` watches.
    this.#socket = new WebSocket(url, {
      maxPayload: FRAME_BYTES_MAX,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: BUFFERED_CHUNKS_MAX,
      perMessageDeflate: false,
    })
    const send = (frame: string) => this.#socket.send(frame)
    this.#subscription = new Subscription({ stream, symbols, batched, clock, hearing, limits, send })
    this.#socket.on('open', () => this.#opened())
    this.#socket.on('message', (data, isBinary) => this.#received(String(data), isBinary))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', (code) => this.#end(`closed by the venue with code ${code}`))
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  get wasLive(): boolean {
    return this.#wasLive
  }

  /** It ended because the venue refused every market. */
  get wasRefusedEverything(): boolean {
    return this.#wasRefusedEverything
  }

  /** Whether the venue took any market of it, so that a refusal of another is that market's own. */
  get hasTaken(): boolean {
    return this.#subscription.hasTaken
  }

  hasTicked(symbol: string): boolean {
    return this.#subscription.hasTickOf(symbol)
  }

  isRefused(symbol: string): boolean {
    return this.#subscription.isRefused(symbol)
  }

  add(symbols: readonly string[]): void {
    this.#subscription.add(symbols)
  }

  /** Asks for one refused market again. */
  askAgain(symbol: string): void {
    this.#subscription.askAgain(symbol)
  }

  /** Looks at every deadline. `nowMs` is the time of the feed's `Hearing`. */
  check(nowMs: number): void {
    const overdue = this.#overdue(nowMs)
    if (overdue !== undefined) {
      this.#end(overdue)
    } else {
      this.#beat(nowMs)
      this.#settle(nowMs)
    }
  }

  /** Ends without a word to the owner: politely, and hard after a while. */
  close(): Promise<void> {
    const wasEnded = this.#state === 'ended'
    this.#state = 'ended'
    this.#subscription.close()
    if (wasEnded || this.#socket.readyState === WebSocket.CLOSED) return Promise.resolve()
    return new Promise((resolve) => {
      const { clock, limits } = this.#options
      const cancel = clock.after(limits.closeTimeoutMs, () => this.#socket.terminate())
      this.#socket.once('close', () => {
        cancel()
        resolve()
      })
      this.#socket.close(1_000)
    })
  }

  tick(symbol: string, markPrice: string, eventTimeMs: number, details: TickDetails): void {
    this.#subscription.ticked(symbol)
    this.#owner.tick(symbol, markPrice, eventTimeMs, details)
  }

  unchanged(symbol: string, eventTimeMs: number): void {
    this.#owner.unchanged(symbol, eventTimeMs)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'subscribing'
    this.#options.counters.connects++
    this.#subscription.open()
  }

  #received(frame: string, isBinary: boolean): void {
    if (this.#state === 'ended') return
    const { clock, hearing, counters } = this.#options
    const receivedMs = clock.monotonicMs()
    const heardMs = hearing.at(receivedMs)
    this.#lastFrameMs = heardMs
    counters.frames++
    try {
      this.#owner.frameStarted(receivedMs, heardMs)
      const kind = isBinary ? 'malformed' : this.#parser.parse(frame, this)
      this.#owner.frameEnded()
      this.#count(kind, frame, heardMs)
    } catch (error) {
      this.#owner.failed(error as Error)
    }
  }

  #count(kind: FrameKind, frame: string, nowMs: number): void {
    const { counters } = this.#options
    this.#windowFrames++
    if (kind === 'acknowledged' || kind === 'rejected') this.#replied(kind, frame, nowMs)
    else if (kind === 'ignored') counters.ignored++
    else if (kind === 'heartbeat') {
      counters.heartbeats++
      this.#awaitsPong = false
    } else if (kind === 'malformed') {
      counters.malformed++
      this.#windowMalformed++
    }
    if (nowMs - this.#windowStartMs >= this.#options.limits.malformedWindowMs) this.#closeWindow(nowMs)
  }

  #closeWindow(nowMs: number): void {
    const { malformedShareMax, malformedFramesMin } = this.#options.limits
    const frames = this.#windowFrames
    const malformed = this.#windowMalformed
    this.#windowStartMs = nowMs
    this.#windowFrames = 0
    this.#windowMalformed = 0
    if (malformed >= malformedFramesMin && malformed > malformedShareMax * frames) {
      this.#end(`${malformed} of ${frames} frames were malformed, the limit is ${malformedShareMax} of them`)
    }
  }

  #replied(kind: 'acknowledged' | 'rejected', reply: string, nowMs: number): void {
    this.#options.counters[kind]++
    if (kind === 'rejected') this.#lastRefusal = reply
    const answer = this.#subscription.replied(kind, nowMs)
    if (answer.kind === 'taken') this.#owner.taken(answer.symbols)
    else if (answer.kind === 'refused-alone') this.#owner.refused(this, answer.symbol, reply)
    else if (answer.kind === 'unasked' && kind === 'rejected') this.#owner.refusedUnasked(reply)
  }

  #overdue(nowMs: number): string | undefined {
    const { limits, stream } = this.#options
    if (this.#state === 'connecting') {
      const isLate = nowMs - this.#openedMs > limits.connectTimeoutMs
      return isLate ? `no connection after ${limits.connectTimeoutMs} ms` : undefined
    }
    const unanswered = this.#subscription.overdue(nowMs)
    if (unanswered !== undefined) return unanswered
    if (this.#awaitsPong && nowMs - this.#pingedMs > limits.pongTimeoutMs) {
      return `no pong after ${limits.pongTimeoutMs} ms`
    }
    const silenceMs = Math.max(3 * stream.cadenceMs, limits.silenceMinMs)
    if (this.#subscription.hasTicked && nowMs - this.#lastFrameMs > silenceMs)
      return `no frame for ${silenceMs} ms`
    return undefined
  }

  #beat(nowMs: number): void {
    const { heartbeat } = this.#options.stream
    if (heartbeat === undefined || this.#state === 'connecting' || this.#awaitsPong) return
    if (nowMs - this.#pingedMs < heartbeat.everyMs) return
    this.#pingedMs = nowMs
    this.#awaitsPong = true
    this.#socket.send(heartbeat.frame)
  }

  /** Moves to live, or ends where not one market comes. */
  #settle(nowMs: number): void {
    if (this.#state !== 'subscribing') return
    const settlement = this.#subscription.settle(nowMs)
    if (settlement === 'live') {
      this.#state = 'live'
      this.#wasLive = true
      this.#owner.live(this)
    } else if (settlement === 'refused') {
      this.#wasRefusedEverything = true
      this.#end(`the venue refuses every market: ${this.#lastRefusal}`)
    } else if (settlement === 'silent') {
      const { firstTickTimeoutMs } = this.#options.limits
      const markets = this.#subscription.waiting().length
      this.#end(`no tick of ${markets} markets ${firstTickTimeoutMs} ms after the last reply`)
    }
  }

  #end(reason: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#subscription.close()
    this.#socket.terminate()
    this.#owner.ended(this, reason)
  }
}
