import type { Clock, SubscribeRequest } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'

/**
 * Requests of one connection: sent no faster than the venue takes them, answered in the order in which they were sent.
 * Bounded by the symbols of a connection: each is in at most one request that waits or is not answered.
 */
export class Requests {
  readonly #clock: Clock
  readonly #hearing: Hearing
  readonly #intervalMs: number
  readonly #send: (frame: string) => void
  readonly #queue: SubscribeRequest[] = []
  readonly #parts: SubscribeRequest[] = []
  readonly #sent: { readonly request: SubscribeRequest; readonly sentMs: number }[] = []
  #cancelPause: (() => void) | undefined

  constructor(clock: Clock, hearing: Hearing, perSecondMax: number, send: (frame: string) => void) {
    this.#clock = clock
    this.#hearing = hearing
    this.#intervalMs = 1_000 / perSecondMax
    this.#send = send
  }

  /** Sent and not answered. */
  get unanswered(): number {
    return this.#sent.length
  }

  /** Not answered, sent or not. */
  get pending(): number {
    return this.#queue.length + this.#parts.length + this.#sent.length
  }

  /** How long the oldest request has waited for its answer, in milliseconds of hearing; 0 where none waits. */
  waitedMs(nowMs: number): number {
    const oldest = this.#sent[0]
    return oldest === undefined ? 0 : nowMs - oldest.sentMs
  }

  add(requests: readonly SubscribeRequest[]): void {
    this.#queue.push(...requests)
    this.goOn()
  }

  /**
   * Parts of a request that was refused. They are sent before earlier parts, and each waits for all answers before it:
   * so single markets are reached after few requests.
   */
  addParts(requests: readonly SubscribeRequest[]): void {
    this.#parts.unshift(...requests)
  }

  /** The request to which a reply belongs; undefined where all were answered before. Call `goOn` after it. */
  answered(): SubscribeRequest | undefined {
    return this.#sent.shift()?.request
  }

  /** Sends what waited for the answer. */
  goOn(): void {
    if (this.#cancelPause === undefined) this.#next()
  }

  cancel(): void {
    this.#cancelPause?.()
    this.#cancelPause = undefined
    this.#queue.length = 0
    this.#parts.length = 0
  }

  #next(): void {
    this.#cancelPause = undefined
    const request = this.#queue.shift() ?? (this.#sent.length === 0 ? this.#parts.shift() : undefined)
    if (request === undefined) return
    this.#sent.push({ request, sentMs: this.#hearing.nowMs() })
    this.#send(request.frame)
    this.#cancelPause = this.#clock.after(this.#intervalMs, () => this.#next())
  }
}
