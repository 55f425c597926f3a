import type { Clock, SocketSource } from '../domain/index.ts'
import type { FeedLimits } from './limits.ts'
import type { Markets } from './markets.ts'
import type { Refusals } from './refusals.ts'
import type { Session } from './session.ts'

export interface RenewalsOptions {
  readonly source: SocketSource
  readonly clock: Clock
  readonly limits: FeedLimits
  readonly markets: Markets
  readonly refusals: Refusals
}

/** When a live connection needs a successor: before the venue ends it, or because a market of it is silent. */
export class Renewals {
  readonly #options: RenewalsOptions
  #renewedMs = Number.NEGATIVE_INFINITY

  constructor(options: RenewalsOptions) {
    this.#options = options
  }

  /** Call when a successor was opened. Times are those of the feed's `Hearing`. */
  started(nowMs: number): void {
    this.#renewedMs = nowMs
  }

  reason(current: Session, nowMs: number): string | undefined {
    return this.#lifeReason(current, nowMs) ?? this.#silenceReason(current, nowMs)
  }

  #lifeReason(current: Session, nowMs: number): string | undefined {
    const { source, clock, limits } = this.#options
    const { connectionLifeMs } = source
    if (connectionLifeMs === undefined) return undefined
    const overlapMs = Math.min(limits.overlapMs, connectionLifeMs / 2)
    const livedMs = clock.monotonicMs() - current.openedMonotonicMs
    const isDue = livedMs >= connectionLifeMs - overlapMs
    // A failed renewal is repeated, about ten times before the venue closes the connection.
    const isPaced = nowMs - this.#renewedMs >= overlapMs / 10
    return isDue && isPaced ? 'the venue ends it soon' : undefined
  }

  #silenceReason(current: Session, nowMs: number): string | undefined {
    const { limits, markets, refusals } = this.#options
    if (nowMs - this.#renewedMs < limits.renewalEveryMs) return undefined
    // Another connection would get the same refusals, and no answer for the same markets.
    const isExcused = (symbol: string) =>
      refusals.replyOf(symbol) !== undefined || current.subscription.isLate(symbol)
    const symbol = markets.silent(nowMs, limits.renewalAfterMs, isExcused)
    return symbol === undefined ? undefined : `${symbol} is silent`
  }
}
