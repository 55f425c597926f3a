import type { SocketSource } from '../domain/index.ts'
import type { Socket } from '../system/index.ts'
import type { FeedLimits } from './limits.ts'

/**
 * Whether the other side of a quiet connection is still there. A ping of the WebSocket protocol is answered by the server, or by
 * the proxy before it, whatever the venue has to say (RFC 6455, 5.5.2): so a half-open connection of a stream that may be silent
 * for 30 s is found within seconds. Not every server answers: the first ping is sent when the connection opens, and without an
 * answer to it none is missed later. Times are those of the feed's `Hearing`.
 */
export class LifeSign {
  readonly #cadenceMs: number
  readonly #limits: FeedLimits
  readonly #socket: Socket
  #isAnswered = false
  #awaitsPong = false
  #pingedMs = 0

  constructor({ cadenceMs }: SocketSource, limits: FeedLimits, socket: Socket) {
    this.#cadenceMs = cadenceMs
    this.#limits = limits
    this.#socket = socket
  }

  /** The connection is open. */
  opened(nowMs: number): void {
    this.#ping(nowMs)
  }

  ponged(): void {
    this.#isAnswered = true
    this.#awaitsPong = false
  }

  /**
   * A reason to end the connection: neither an answer nor a frame has come since the last ping, or no frame for too long on a
   * connection whose markets have ticked.
   */
  overdue(nowMs: number, lastFrameMs: number, hasTicked: boolean): string | undefined {
    const { lifePingAfterMs, lifePongTimeoutMs } = this.#limits
    const isDue = this.#isAnswered && this.#awaitsPong && lastFrameMs <= this.#pingedMs
    if (isDue && nowMs - this.#pingedMs > lifePongTimeoutMs)
      return `no frame for ${lifePingAfterMs} ms and no pong after ${lifePongTimeoutMs} ms`
    const silenceMaxMs = this.#silenceMaxMs
    return hasTicked && nowMs - lastFrameMs > silenceMaxMs ? `no frame for ${silenceMaxMs} ms` : undefined
  }

  /** A connection that answers pings lives: its silence may be that of its markets. */
  get #silenceMaxMs(): number {
    const { silenceMinMs, livingSilenceMinMs, checkEveryMs } = this.#limits
    return Math.max(3 * this.#cadenceMs - checkEveryMs, this.#isAnswered ? livingSilenceMinMs : silenceMinMs)
  }

  /** Sends a ping when the connection has been quiet. */
  beat(nowMs: number, lastFrameMs: number): void {
    if (!this.#isAnswered) return
    const isHeardSince = !this.#awaitsPong || lastFrameMs > this.#pingedMs
    const quietMs = nowMs - Math.max(lastFrameMs, this.#pingedMs)
    if (isHeardSince && quietMs > this.#limits.lifePingAfterMs) this.#ping(nowMs)
  }

  #ping(nowMs: number): void {
    this.#pingedMs = nowMs
    this.#awaitsPong = true
    this.#socket.ping()
  }
}
