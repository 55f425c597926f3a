import type { Intake } from './intake.ts'
import type { StoredPrices } from './stored-prices.ts'
import type { Answer, Subscription } from './subscription.ts'

/** What the answers to the requests of one connection say of its markets. Times are those of the feed's `Hearing`. */
export class Answers {
  readonly #subscription: Subscription
  readonly #intake: Intake
  readonly #stored: StoredPrices | undefined
  /** The venue's words. */
  lastRefusal = ''

  constructor(subscription: Subscription, intake: Intake, stored: StoredPrices | undefined) {
    this.#subscription = subscription
    this.#intake = intake
    this.#stored = stored
  }

  acknowledged(symbols: readonly string[] | 'request', nowMs: number): void {
    this.#take(this.#subscription.acknowledged(symbols, nowMs), '', nowMs)
  }

  rejected(symbol: string | 'request', reason: string, nowMs: number): void {
    this.lastRefusal = reason
    const answer =
      symbol === 'request'
        ? this.#subscription.replied('rejected', nowMs)
        : this.#subscription.rejected(symbol, nowMs)
    this.#take(answer, reason, nowMs)
  }

  /** Refuses the markets that the venue has left out of its answers too often. */
  refuseLate(nowMs: number): void {
    for (const symbol of this.#subscription.repeatLate(nowMs))
      this.#intake.refused(symbol, this.#subscription.lateReason, true, nowMs)
  }

  #take(answer: Answer, reason: string, nowMs: number): void {
    if (answer.kind === 'taken') {
      this.#stored?.taken(answer.symbols)
      this.#intake.taken(answer.symbols)
    } else if (answer.kind === 'refused-alone')
      for (const symbol of answer.symbols) this.#intake.refused(symbol, reason, answer.isItsOwn, nowMs)
    else if (answer.kind === 'unasked' && reason !== '') this.#intake.refusedUnasked(reason)
  }
}
