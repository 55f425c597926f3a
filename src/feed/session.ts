import { WebSocket } from 'ws'
import type { Clock, FrameKind, FrameParser, TickDetails, TickSink, VenueStream } from '../domain/index.ts'
import { BUFFERED_CHUNKS_MAX, type FeedLimits, FRAGMENTS_MAX, FRAME_BYTES_MAX } from './limits.ts'
import { type Request, Requests } from './requests.ts'
import type { FeedCounters } from './types.ts'

export interface SessionOptions {
  readonly stream: VenueStream
  readonly url: string
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly limits: FeedLimits
  readonly counters: FeedCounters
}

/** What a session tells the feed that owns it. */
export interface SessionOwner extends TickSink {
  frameStarted(receivedMonotonicMs: number): void
  frameEnded(): void
  /** All requests are answered and the markets tick, or have had their time. */
  live(session: Session): void
  /** The last call of a session that was not closed by the feed. */
  ended(session: Session, reason: string): void
  /** `request` is undefined where the reply is to none of ours. A refused batch is asked for again, one by one. */
  refused(request: Request | undefined, reply: string): void
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
  readonly #requests: Requests
  readonly #symbols: Set<string>
  readonly #ticked = new Set<string>()
  readonly #refused = new Set<string>()
  #wasLive = false
  #batches = 0
  #refusedBatches = 0
  #lastFrameMs: number
  #lastReplyMs: number
  #pingedMs: number
  #awaitsPong = false
  #windowStartMs: number
  #windowFrames = 0
  #windowMalformed = 0

  constructor(options: SessionOptions, owner: SessionOwner) {
    const { stream, url, symbols, clock, limits } = options
    this.#options = options
    this.#owner = owner
    this.#parser = stream.createParser()
    this.#symbols = new Set(symbols)
    this.openedMonotonicMs = clock.monotonicMs()
    this.#lastFrameMs = this.openedMonotonicMs
    this.#lastReplyMs = this.openedMonotonicMs
    this.#pingedMs = this.openedMonotonicMs
    this.#windowStartMs = this.openedMonotonicMs
    this.#socket = new WebSocket(url, {
      handshakeTimeout: limits.connectTimeoutMs,
      maxPayload: FRAME_BYTES_MAX,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: BUFFERED_CHUNKS_MAX,
      perMessageDeflate: false,
    })
    this.#requests = new Requests(clock, stream.requestsPerSecondMax, (frame) => this.#socket.send(frame))
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

  hasTicked(symbol: string): boolean {
    return this.#ticked.has(symbol)
  }

  isRefused(symbol: string): boolean {
    return this.#refused.has(symbol) && !this.#ticked.has(symbol)
  }

  /** Asks for further markets one by one, so that a refused one costs no other. */
  add(symbols: readonly string[]): void {
    for (const symbol of symbols) {
      this.#symbols.add(symbol)
      if (this.#state === 'subscribing' || this.#state === 'live') this.#request([symbol])
    }
  }

  /** Looks at every deadline. `nowMs` is monotonic. */
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
    this.#requests.cancel()
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
    this.#ticked.add(symbol)
    this.#owner.tick(symbol, markPrice, eventTimeMs, details)
  }

  unchanged(symbol: string, eventTimeMs: number): void {
    this.#owner.unchanged(symbol, eventTimeMs)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'subscribing'
    this.#options.counters.connects++
    this.#request([...this.#symbols])
  }

  #request(symbols: readonly string[]): void {
    const frames = this.#options.stream.subscribe(symbols)
    const symbol = symbols.length === 1 ? symbols[0] : undefined
    if (symbol === undefined) this.#batches += frames.length
    for (const frame of frames) this.#requests.add({ frame, symbol })
  }

  #received(frame: string, isBinary: boolean): void {
    if (this.#state === 'ended') return
    const nowMs = this.#options.clock.monotonicMs()
    this.#lastFrameMs = nowMs
    this.#options.counters.frames++
    try {
      this.#owner.frameStarted(nowMs)
      const kind = isBinary ? 'malformed' : this.#parser.parse(frame, this)
      this.#owner.frameEnded()
      this.#count(kind, frame, nowMs)
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
    this.#lastReplyMs = nowMs
    const request = this.#requests.answered()
    if (kind === 'acknowledged') return
    if (request !== undefined && request.symbol === undefined) this.#refusedBatches++
    else if (request?.symbol !== undefined) this.#refused.add(request.symbol)
    this.#owner.refused(request, reply)
  }

  #overdue(nowMs: number): string | undefined {
    const { limits, stream } = this.#options
    if (this.#state === 'connecting') {
      const isLate = nowMs - this.openedMonotonicMs > limits.connectTimeoutMs
      return isLate ? `no connection after ${limits.connectTimeoutMs} ms` : undefined
    }
    const { unanswered, lastSentMs } = this.#requests
    if (unanswered > 0 && nowMs - lastSentMs > limits.acknowledgementTimeoutMs) {
      return `${unanswered} requests without a reply after ${limits.acknowledgementTimeoutMs} ms`
    }
    if (this.#awaitsPong && nowMs - this.#pingedMs > limits.pongTimeoutMs) {
      return `no pong after ${limits.pongTimeoutMs} ms`
    }
    const silenceMs = Math.max(3 * stream.cadenceMs, limits.silenceMinMs)
    if (this.#ticked.size > 0 && nowMs - this.#lastFrameMs > silenceMs) return `no frame for ${silenceMs} ms`
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

  /** Moves to live; asks again, one by one, for what a refused batch cost; ends where not one market ticks. */
  #settle(nowMs: number): void {
    if (this.#state !== 'subscribing' || this.#requests.pending > 0) return
    const { firstTickTimeoutMs } = this.#options.limits
    const waiting = [...this.#symbols].filter(
      (symbol) => !this.#ticked.has(symbol) && !this.isRefused(symbol),
    )
    const hasHadTime = nowMs - this.#lastReplyMs > firstTickTimeoutMs
    // Markets of an accepted batch get time to tick first: asking twice is refused too.
    const mayAskAgain = hasHadTime || this.#refusedBatches === this.#batches
    if (waiting.length > 0 && this.#refusedBatches > 0 && mayAskAgain) {
      this.#refusedBatches = 0
      for (const symbol of waiting) this.#request([symbol])
    } else if (waiting.length === 0 || hasHadTime) {
      this.#finish(waiting.length)
    }
  }

  #finish(waitingCount: number): void {
    if (this.#ticked.size > 0) {
      this.#state = 'live'
      this.#wasLive = true
      this.#owner.live(this)
    } else if (waitingCount > 0) {
      const { firstTickTimeoutMs } = this.#options.limits
      this.#end(`no tick of ${waitingCount} markets ${firstTickTimeoutMs} ms after the last reply`)
    }
  }

  #end(reason: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#requests.cancel()
    this.#socket.terminate()
    this.#owner.ended(this, reason)
  }
}
