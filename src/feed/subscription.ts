import { type Clock, counted, type SocketSource } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'
import { LateSymbols } from './late-symbols.ts'
import { ASKED_BY_NAME_MAX, type FeedLimits, REFUSED_ALONE_MAX } from './limits.ts'
import { Requests } from './requests.ts'

export interface SubscriptionOptions {
  readonly source: SocketSource
  /** All markets of the connection. */
  readonly symbols: readonly string[]
  /** The markets that are requested at once; the others count as refused, and the feed requests them later. */
  readonly batched: readonly string[]
  readonly clock: Clock
  readonly hearing: Hearing
  readonly limits: FeedLimits
  readonly send: (frame: string) => void
}

/**
 * What a reply says of markets. `refused-alone`: it refuses the markets of one channel; a refused batch says nothing of single
 * channels yet. `known`: it repeats an earlier reply or a tick. `unasked`: it belongs to no request of ours.
 */
export type Answer =
  | { readonly kind: 'taken'; readonly symbols: readonly string[] }
  /** `isItsOwn`: the venue took other markets, so this market is at fault. */
  | { readonly kind: 'refused-alone'; readonly symbols: readonly string[]; readonly isItsOwn: boolean }
  | { readonly kind: 'refused-batch' | 'known' | 'unasked' }

/** `waiting`: replies or first ticks are missing. `refused`, `silent`: no market of the connection ticks. */
export type Settlement = 'waiting' | 'live' | 'refused' | 'silent'

/**
 * What one connection has requested, and the answer for each symbol. A refused batch is requested again in halves, down
 * to the single market: one bad market of a hundred costs about fourteen requests, and no other market. From a venue that
 * answers symbol by symbol, the symbols that it leaves out are requested again by name. Markets of one channel are requested
 * once, and each has the answer of the channel.
 */
export class Subscription {
  readonly #options: SubscriptionOptions
  readonly #requests: Requests
  readonly #symbols = new Set<string>()
  /** The markets that come in each channel. */
  readonly #byChannel = new Map<string, string[]>()
  /** The symbols to request when the socket opens; undefined afterwards. */
  #first: string[] | undefined
  /** Channels that were given up, no more than the connection had. A refusal of one was asked for. */
  readonly #removed = new Set<string>()
  readonly #ticked = new Set<string>()
  readonly #refused: Set<string>
  readonly #late: LateSymbols
  /** The venue has answered for a symbol by name, so a missing answer concerns one symbol. */
  #answersByName = false
  #hasTaken = false
  #refusedAlone = 0
  #lastReplyMs: number

  constructor(options: SubscriptionOptions) {
    const { source, symbols, batched, clock, hearing, limits, send } = options
    this.#options = options
    this.#requests = new Requests(clock, hearing, source.requestsPerSecondMax, send)
    for (const symbol of symbols) this.#join(symbol)
    this.#first = [...batched]
    this.#refused = new Set(symbols)
    this.#late = new LateSymbols(limits)
    for (const symbol of batched) this.#refused.delete(symbol)
    this.#lastReplyMs = hearing.nowMs()
  }

  get hasTicked(): boolean {
    return this.#ticked.size > 0
  }

  hasTickOf(symbol: string): boolean {
    return this.#ticked.has(symbol)
  }

  isRefused(symbol: string): boolean {
    return this.#refused.has(symbol) && !this.#ticked.has(symbol)
  }

  /** Requests the batched markets. Call once, when the socket is open. */
  open(): void {
    this.#requests.add(this.#options.source.subscribe(this.#first ?? []))
    this.#first = undefined
  }

  /** Requests more markets one by one, so that a refused one affects no other. A market whose channel comes already has it. */
  add(symbols: readonly string[]): void {
    const apart = symbols.filter((symbol) => !this.#isRequested(this.#channelOf(symbol)))
    for (const symbol of symbols) this.#join(symbol)
    if (this.#first !== undefined) this.#first.push(...symbols)
    else for (const group of this.#grouped(apart)) this.#requests.add(this.#options.source.subscribe(group))
  }

  /**
   * Gives these markets up: none is requested again, and an answer for one is of none. A channel that brings no other market is
   * unsubscribed, where the venue takes that.
   */
  remove(symbols: readonly string[]): void {
    const ended: string[] = []
    for (const symbol of symbols) {
      if (!this.#symbols.delete(symbol)) continue
      const channel = this.#channelOf(symbol)
      const isRequested = this.#first === undefined && this.#isRequested(channel)
      const others = this.#byChannel.get(channel)!.filter((other) => other !== symbol)
      if (others.length > 0) this.#byChannel.set(channel, others)
      else {
        this.#byChannel.delete(channel)
        this.#removed.add(channel)
        if (isRequested) ended.push(symbol)
      }
      this.#ticked.delete(symbol)
      this.#refused.delete(symbol)
      this.#late.answered(symbol)
    }
    this.#first = this.#first?.filter((symbol) => this.#symbols.has(symbol))
    if (ended.length > 0) this.#requests.add(this.#options.source.unsubscribe?.(ended) ?? [], true)
  }

  /** Requests one refused market again, with the others of its channel. */
  askAgain(symbol: string): void {
    const together = this.#byChannel.get(this.#channelOf(symbol))!
    for (const each of together) this.#refused.delete(each)
    this.#requests.add(this.#options.source.subscribe(together), true)
  }

  #channelOf(symbol: string): string {
    return this.#options.source.channelOf?.(symbol) ?? symbol
  }

  #join(symbol: string): void {
    if (this.#symbols.has(symbol)) return
    this.#symbols.add(symbol)
    const channel = this.#channelOf(symbol)
    const together = this.#byChannel.get(channel)
    if (together === undefined) this.#byChannel.set(channel, [symbol])
    else together.push(symbol)
  }

  #isRequested(channel: string): boolean {
    return this.#byChannel.get(channel)?.some((symbol) => !this.#refused.has(symbol)) === true
  }

  /** The symbols by their channels. */
  #grouped(symbols: readonly string[]): readonly (readonly string[])[] {
    const groups = new Map<string, string[]>()
    for (const symbol of symbols) {
      const channel = this.#channelOf(symbol)
      const group = groups.get(channel)
      if (group === undefined) groups.set(channel, [symbol])
      else group.push(symbol)
    }
    return [...groups.values()]
  }

  /** The markets of the channels of these names. */
  #named(channels: readonly string[]): readonly string[] {
    return channels.flatMap((channel) => this.#byChannel.get(channel) ?? [])
  }

  /** Whether the venue left this symbol out of its answers, so that it is requested again. */
  isLate(symbol: string): boolean {
    return this.#late.has(symbol)
  }

  ticked(symbol: string): void {
    this.#ticked.add(symbol)
  }

  /** The venue answers the oldest request as a whole. */
  replied(kind: 'acknowledged' | 'rejected', nowMs: number): Answer {
    this.#lastReplyMs = nowMs
    const asked = this.#requests.answered()
    if (asked === undefined) return { kind: 'unasked' }
    const symbols = asked.filter((symbol) => this.#symbols.has(symbol))
    const answer = kind === 'rejected' ? this.#refusal(symbols) : this.#taking(symbols)
    this.#requests.sendNext()
    return answer
  }

  /** The venue takes the markets of these channels by name, or the oldest request as a whole. */
  acknowledged(channels: readonly string[] | 'request', nowMs: number): Answer {
    if (channels === 'request') return this.replied('acknowledged', nowMs)
    const asked = this.#named(channels)
    if (asked.length === 0) return { kind: 'unasked' }
    this.#answeredByName(asked, nowMs)
    const answer = this.#taking(asked)
    this.#requests.sendNext()
    return answer
  }

  /** The venue refuses the markets of this channel by name. A market that has ticked keeps its subscription. */
  rejected(channel: string, nowMs: number): Answer {
    const asked = this.#named([channel])
    if (asked.length === 0) return { kind: this.#removed.has(channel) ? 'known' : 'unasked' }
    this.#answeredByName(asked, nowMs)
    for (const symbol of asked) this.#refused.add(symbol)
    this.#requests.sendNext()
    const symbols = asked.filter((symbol) => !this.#ticked.has(symbol))
    return symbols.length === 0 ? { kind: 'known' } : { kind: 'refused-alone', symbols, isItsOwn: true }
  }

  /**
   * Requests the symbols again that a venue left out of its answers by name. Returns the symbols that it left out too
   * often; they count as refused.
   */
  repeatLate(nowMs: number): readonly string[] {
    if (!this.#answersByName) return []
    const left = this.#requests.giveUp(nowMs - this.#options.limits.acknowledgementTimeoutMs)
    const refused: string[] = []
    for (const symbol of left) {
      if (!this.#symbols.has(symbol)) continue
      if (this.#ticked.has(symbol)) this.#late.answered(symbol)
      else if (!this.#late.add(symbol, nowMs)) refused.push(symbol)
    }
    for (const symbol of refused) this.#refused.add(symbol)
    for (const group of this.#grouped(this.#late.takeDue(nowMs)))
      this.#requests.add(this.#options.source.subscribe(group), true)
    this.#requests.sendNext()
    return refused
  }

  /** Why a symbol that was left out too often counts as refused. */
  get lateReason(): string {
    const { acknowledgementTimeoutMs } = this.#options.limits
    return `no acknowledgement within ${acknowledgementTimeoutMs} ms, asked ${ASKED_BY_NAME_MAX + 1} times`
  }

  /** A reason to end the connection when requests have had no answer for too long. */
  overdue(nowMs: number): string | undefined {
    const { acknowledgementTimeoutMs } = this.#options.limits
    if (this.#answersByName || this.#requests.waitedMs(nowMs) <= acknowledgementTimeoutMs) return undefined
    return `${counted(this.#requests.unanswered, 'request')} without a reply after ${acknowledgementTimeoutMs} ms`
  }

  settle(nowMs: number): Settlement {
    if (!this.#hasTaken && !this.hasTicked && this.#refusedAlone >= REFUSED_ALONE_MAX) return 'refused'
    if (this.#requests.pending > 0) return 'waiting'
    const hasHadTime = nowMs - this.#lastReplyMs > this.#options.limits.firstTickTimeoutMs
    if (this.waiting().length > 0 && !hasHadTime) return 'waiting'
    if (this.hasTicked) return 'live'
    return this.waiting().length > 0 ? 'silent' : 'refused'
  }

  /** Markets that were not refused and have not ticked. */
  waiting(): readonly string[] {
    return [...this.#symbols].filter((symbol) => !this.#ticked.has(symbol) && !this.#refused.has(symbol))
  }

  close(): void {
    this.#requests.cancel()
  }

  #answeredByName(symbols: readonly string[], nowMs: number): void {
    this.#answersByName = true
    this.#lastReplyMs = nowMs
    for (const symbol of symbols) this.#requests.answeredFor(symbol)
    for (const symbol of symbols) this.#late.answered(symbol)
  }

  #taking(symbols: readonly string[]): Answer {
    if (symbols.length === 0) return { kind: 'known' }
    this.#hasTaken = true
    for (const symbol of symbols) {
      this.#refused.delete(symbol)
      this.#late.answered(symbol)
    }
    return { kind: 'taken', symbols }
  }

  #refusal(symbols: readonly string[]): Answer {
    const groups = this.#grouped(symbols)
    if (groups.length > 1) {
      const half = Math.ceil(groups.length / 2)
      const { source } = this.#options
      this.#requests.addParts([
        ...source.subscribe(groups.slice(0, half).flat()),
        ...source.subscribe(groups.slice(half).flat()),
      ])
      return { kind: 'refused-batch' }
    }
    // A venue that took the good half of a refused batch refuses a second request of those markets.
    const silent = symbols.filter((symbol) => !this.#ticked.has(symbol))
    if (silent.length === 0) return { kind: 'known' }
    this.#refusedAlone++
    for (const symbol of silent) this.#refused.add(symbol)
    return { kind: 'refused-alone', symbols: silent, isItsOwn: this.#hasTaken }
  }
}
