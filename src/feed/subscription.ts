import type { Clock, SubscribeRequest, VenueStream } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'
import { type FeedLimits, REFUSED_ALONE_MAX } from './limits.ts'
import { Requests } from './requests.ts'

export interface SubscriptionOptions {
  readonly stream: VenueStream
  /** All markets of the connection. */
  readonly symbols: readonly string[]
  /** Those of them that are asked for at once; the rest counts as refused and is asked for again by the feed. */
  readonly batched: readonly string[]
  readonly clock: Clock
  readonly hearing: Hearing
  readonly limits: FeedLimits
  readonly send: (frame: string) => void
}

/** What a reply says of markets. `alone`: it refuses one market; a refused batch says nothing of its markets yet. */
export type Answer =
  | { readonly kind: 'taken'; readonly symbols: readonly string[] }
  | { readonly kind: 'refused-alone'; readonly symbol: string }
  | { readonly kind: 'refused-batch' | 'unasked' }

/** `waiting`: replies or first ticks are to come. `refused`, `silent`: the connection brings no market. */
export type Settlement = 'waiting' | 'live' | 'refused' | 'silent'

/**
 * What one connection has asked for, and how it was answered. A refused batch is asked for again in halves, down to the
 * single market: one bad market of a hundred costs about fourteen requests, and no other market.
 */
export class Subscription {
  readonly #options: SubscriptionOptions
  readonly #requests: Requests
  readonly #symbols: Set<string>
  /** What is asked for when the socket opens; undefined afterwards. */
  #first: string[] | undefined
  readonly #ticked = new Set<string>()
  readonly #refused: Set<string>
  #hasTaken = false
  #refusedAlone = 0
  #lastReplyMs: number

  constructor(options: SubscriptionOptions) {
    const { stream, symbols, batched, clock, hearing, send } = options
    this.#options = options
    this.#requests = new Requests(clock, hearing, stream.requestsPerSecondMax, send)
    this.#symbols = new Set(symbols)
    this.#first = [...batched]
    this.#refused = new Set(symbols)
    for (const symbol of batched) this.#refused.delete(symbol)
    this.#lastReplyMs = hearing.nowMs()
  }

  get hasTicked(): boolean {
    return this.#ticked.size > 0
  }

  /** Whether the venue took at least one request of this connection. */
  get hasTaken(): boolean {
    return this.#hasTaken
  }

  hasTickOf(symbol: string): boolean {
    return this.#ticked.has(symbol)
  }

  isRefused(symbol: string): boolean {
    return this.#refused.has(symbol) && !this.#ticked.has(symbol)
  }

  /** Asks for the markets that were not left out. Call once, when the socket is open. */
  open(): void {
    this.#requests.add(this.#options.stream.subscribe(this.#first ?? []))
    this.#first = undefined
  }

  /** Asks for further markets one by one, so that a refused one costs no other. */
  add(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#symbols.add(symbol)
    if (this.#first !== undefined) this.#first.push(...symbols)
    else for (const symbol of symbols) this.#requests.add(this.#options.stream.subscribe([symbol]))
  }

  /** Asks for one refused market again. */
  askAgain(symbol: string): void {
    this.#refused.delete(symbol)
    this.#requests.add(this.#options.stream.subscribe([symbol]))
  }

  ticked(symbol: string): void {
    this.#ticked.add(symbol)
  }

  replied(kind: 'acknowledged' | 'rejected', nowMs: number): Answer {
    this.#lastReplyMs = nowMs
    const request = this.#requests.answered()
    if (request === undefined) return { kind: 'unasked' }
    const answer = kind === 'rejected' ? this.#refusal(request) : this.#taking(request)
    this.#requests.goOn()
    return answer
  }

  /** Requests without an answer for too long, as a reason to end the connection. */
  overdue(nowMs: number): string | undefined {
    const { acknowledgementTimeoutMs } = this.#options.limits
    if (this.#requests.waitedMs(nowMs) <= acknowledgementTimeoutMs) return undefined
    return `${this.#requests.unanswered} requests without a reply after ${acknowledgementTimeoutMs} ms`
  }

  settle(nowMs: number): Settlement {
    if (!this.#hasTaken && !this.hasTicked && this.#refusedAlone >= REFUSED_ALONE_MAX) return 'refused'
    if (this.#requests.pending > 0) return 'waiting'
    const hasHadTime = nowMs - this.#lastReplyMs > this.#options.limits.firstTickTimeoutMs
    if (this.waiting().length > 0 && !hasHadTime) return 'waiting'
    if (this.hasTicked) return 'live'
    return this.waiting().length > 0 ? 'silent' : 'refused'
  }

  /** Markets that were neither refused nor have ticked. */
  waiting(): readonly string[] {
    return [...this.#symbols].filter((symbol) => !this.#ticked.has(symbol) && !this.#refused.has(symbol))
  }

  close(): void {
    this.#requests.cancel()
  }

  #taking({ symbols }: SubscribeRequest): Answer {
    this.#hasTaken = true
    for (const symbol of symbols) this.#refused.delete(symbol)
    return { kind: 'taken', symbols }
  }

  #refusal({ symbols }: SubscribeRequest): Answer {
    const [symbol] = symbols
    if (symbols.length > 1) {
      const half = Math.ceil(symbols.length / 2)
      const { stream } = this.#options
      this.#requests.addParts([
        ...stream.subscribe(symbols.slice(0, half)),
        ...stream.subscribe(symbols.slice(half)),
      ])
      return { kind: 'refused-batch' }
    }
    // A venue that took the good half of a refused batch refuses to take a market twice.
    if (symbol === undefined || this.#ticked.has(symbol)) return { kind: 'refused-batch' }
    this.#refusedAlone++
    this.#refused.add(symbol)
    return { kind: 'refused-alone', symbol }
  }
}
