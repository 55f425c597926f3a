import type { SocketSource } from '../domain/index.ts'
import type { Socket } from '../system/index.ts'
import type { FeedLimits } from './limits.ts'

/** The pings that a venue wants of its clients, and whether it answers them. Times are those of the feed's `Hearing`. */
export class Heartbeat {
  readonly #heartbeat: SocketSource['heartbeat']
  readonly #limits: FeedLimits
  readonly #socket: Socket
  #pingedMs: number
  #awaitsPong = false

  constructor(source: SocketSource, limits: FeedLimits, socket: Socket, openedMs: number) {
    this.#heartbeat = source.heartbeat
    this.#limits = limits
    this.#socket = socket
    this.#pingedMs = openedMs
  }

  ponged(): void {
    this.#awaitsPong = false
  }

  /** A reason to end the connection when the last ping has had no answer for too long. */
  overdue(nowMs: number): string | undefined {
    const { pongTimeoutMs } = this.#limits
    return this.#awaitsPong && nowMs - this.#pingedMs > pongTimeoutMs
      ? `no pong after ${pongTimeoutMs} ms`
      : undefined
  }

  /** Sends a ping when one is due and the last one was answered. */
  beat(nowMs: number): void {
    if (this.#heartbeat === undefined || this.#awaitsPong) return
    if (nowMs - this.#pingedMs < this.#heartbeat.everyMs) return
    this.#pingedMs = nowMs
    this.#awaitsPong = true
    if (this.#heartbeat.frame === 'protocol') this.#socket.ping()
    else this.#socket.send(this.#heartbeat.frame)
  }
}
