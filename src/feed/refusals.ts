import type { FeedLimits } from './limits.ts'

interface Refusal {
  /** The venue's words, cut to REPLY_CHARACTERS_MAX. */
  readonly reply: string
  count: number
  askAgainMs: number
  /** The connection that refused it took other markets, so this one is at fault. */
  isItsOwn: boolean
}

/** The markets that the venue refuses: its reply, how often, and when each is requested again. */
export class Refusals {
  readonly #limits: FeedLimits
  readonly #refusals = new Map<string, Refusal>()

  constructor(limits: FeedLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#refusals.size
  }

  replyOf(symbol: string): string | undefined {
    return this.#refusals.get(symbol)?.reply
  }

  /**
   * Counts one refusal. True for the first since the market was taken: it is named in the log, the next ones are counted.
   */
  add(symbol: string, reply: string, nowMs: number, isItsOwn: boolean): boolean {
    const known = this.#refusals.get(symbol)
    const refusal = known ?? { reply, count: 0, askAgainMs: 0, isItsOwn }
    refusal.count++
    refusal.isItsOwn = isItsOwn
    refusal.askAgainMs = nowMs + refusalDelayMs(refusal.count, this.#limits)
    this.#refusals.set(symbol, refusal)
    return known === undefined
  }

  /** The venue took the market: how often it had refused it before. */
  taken(symbol: string): number {
    const count = this.#refusals.get(symbol)?.count ?? 0
    this.#refusals.delete(symbol)
    return count
  }

  /** A market that is due to be requested again and for which `isAsked` is true. */
  due(nowMs: number, isAsked: (symbol: string) => boolean): string | undefined {
    for (const [symbol, { askAgainMs }] of this.#refusals) {
      if (nowMs >= askAgainMs && isAsked(symbol)) return symbol
    }
    return undefined
  }

  /**
   * The markets that a new connection requests in batches. Markets refused for their own fault are left out, because each
   * makes the venue refuse its batch; they are requested alone when they are due. Other refused markets come last, so
   * that every connection tries markets that the one before did not reach.
   */
  batched(symbols: readonly string[]): readonly string[] {
    const clear = symbols.filter((symbol) => !this.#refusals.has(symbol))
    const doubtful = symbols.filter((symbol) => this.#refusals.get(symbol)?.isItsOwn === false)
    const asked = [...clear, ...doubtful]
    return asked.length > 0 ? asked : symbols
  }
}

/** The pause after the `count`-th refusal, counted from 1. */
export function refusalDelayMs(count: number, limits: FeedLimits): number {
  return Math.min(limits.refusalCapMs, limits.refusalFirstMs * limits.refusalFactor ** (count - 1))
}
