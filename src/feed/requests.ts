import type { Clock } from '../domain/index.ts'

export interface Request {
  readonly frame: string
  /** The one market that it asks for; undefined for a batch. */
  readonly symbol: string | undefined
}

/**
 * Requests of one connection: sent no faster than the venue takes them, answered in the order in which they were sent.
 * Bounded by the symbols of a connection: each is in at most one batch and one request of its own.
 */
export class Requests {
  lastSentMs: number
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #send: (frame: string) => void
  readonly #queue: Request[] = []
  readonly #sent: Request[] = []
  #cancelPause: (() => void) | undefined

  constructor(clock: Clock, perSecondMax: number, send: (frame: string) => void) {
    this.#clock = clock
    this.#intervalMs = 1_000 / perSecondMax
    this.#send = send
    this.lastSentMs = clock.monotonicMs()
  }

  /** Sent and not answered. */
  get unanswered(): number {
    return this.#sent.length
  }

  /** Not answered, sent or not. */
  get pending(): number {
    return this.#queue.length + this.#sent.length
  }

  add(request: Request): void {
    this.#queue.push(request)
    if (this.#cancelPause === undefined) this.#next()
  }

  /** The request to which a reply belongs; undefined where all were answered before. */
  answered(): Request | undefined {
    return this.#sent.shift()
  }

  cancel(): void {
    this.#cancelPause?.()
    this.#cancelPause = undefined
    this.#queue.length = 0
  }

  #next(): void {
    this.#cancelPause = undefined
    const request = this.#queue.shift()
    if (request === undefined) return
    this.#sent.push(request)
    this.lastSentMs = this.#clock.monotonicMs()
    this.#send(request.frame)
    this.#cancelPause = this.#clock.after(this.#intervalMs, () => this.#next())
  }
}
