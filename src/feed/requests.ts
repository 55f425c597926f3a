import type { Clock, SubscribeRequest } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'

interface Asked {
  readonly request: SubscribeRequest
  /** The symbols were requested before on this connection. */
  readonly isRepeated: boolean
}

interface Sent extends Asked {
  readonly sentMs: number
  /** Symbols that the venue has not answered by name. */
  readonly unanswered: Set<string>
}

/**
 * Requests of one connection, sent no faster than the venue takes them. An answer belongs to the oldest request, or to
 * the request with the symbol that it names. A symbol is in at most one open request, so the symbols of a connection
 * bound the list.
 */
export class Requests {
  readonly #clock: Clock
  readonly #hearing: Hearing
  readonly #intervalMs: number
  readonly #send: (frame: string) => void
  readonly #queue: Asked[] = []
  readonly #parts: Asked[] = []
  readonly #sent: Sent[] = []
  #cancelPause: (() => void) | undefined

  constructor(clock: Clock, hearing: Hearing, perSecondMax: number, send: (frame: string) => void) {
    this.#clock = clock
    this.#hearing = hearing
    this.#intervalMs = 1_000 / perSecondMax
    this.#send = send
  }

  /** Requests that were sent and not answered. */
  get unanswered(): number {
    return this.#sent.length
  }

  /** Requests without an answer, sent or not, without the repeated ones. */
  get pending(): number {
    let count = 0
    for (const list of [this.#queue, this.#parts, this.#sent])
      for (const { isRepeated } of list) if (!isRepeated) count++
    return count
  }

  /** How long the oldest request has waited for its answer, in milliseconds of hearing; 0 when none waits. */
  waitedMs(nowMs: number): number {
    const oldest = this.#sent[0]
    return oldest === undefined ? 0 : nowMs - oldest.sentMs
  }

  add(requests: readonly SubscribeRequest[], isRepeated = false): void {
    for (const request of requests) this.#queue.push({ request, isRepeated })
    this.sendNext()
  }

  /**
   * Adds parts of a refused request. They are sent before earlier parts, and each waits for all answers before it, so
   * that few requests lead to the single market.
   */
  addParts(requests: readonly SubscribeRequest[]): void {
    this.#parts.unshift(...requests.map((request) => ({ request, isRepeated: false })))
  }

  /**
   * The oldest request is answered as a whole. Returns its symbols without those that were answered by name; undefined
   * when no request waits for an answer. Call `sendNext` after it.
   */
  answered(): readonly string[] | undefined {
    const oldest = this.#sent.shift()
    return oldest === undefined ? undefined : [...oldest.unanswered]
  }

  /** The venue answers for this symbol alone. Returns whether a request waited for it. Call `sendNext` after it. */
  answeredFor(symbol: string): boolean {
    const index = this.#sent.findIndex(({ unanswered }) => unanswered.has(symbol))
    const sent = this.#sent[index]
    if (sent === undefined) return false
    sent.unanswered.delete(symbol)
    if (sent.unanswered.size === 0) this.#sent.splice(index, 1)
    return true
  }

  /** Gives up the requests that were sent before this time of hearing. Returns their unanswered symbols. */
  giveUp(beforeMs: number): readonly string[] {
    const symbols: string[] = []
    while (this.#sent[0] !== undefined && this.#sent[0].sentMs < beforeMs)
      symbols.push(...this.#sent.shift()!.unanswered)
    return symbols
  }

  /** Sends the requests that waited for an answer. */
  sendNext(): void {
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
    const asked = this.#queue.shift() ?? (this.#sent.length === 0 ? this.#parts.shift() : undefined)
    if (asked === undefined) return
    const { frame, symbols } = asked.request
    this.#sent.push({ ...asked, sentMs: this.#hearing.nowMs(), unanswered: new Set(symbols) })
    this.#send(frame)
    this.#cancelPause = this.#clock.after(this.#intervalMs, () => this.#next())
  }
}
