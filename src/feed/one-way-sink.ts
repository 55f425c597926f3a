import type { FrameSink, Funding, MarkSource, PriceKind } from '../domain/index.ts'
import type { Intake } from './intake.ts'

/** Gives what a parser reads to the intake, for sources to which we cannot send. */
export class OneWaySink implements FrameSink {
  readonly #intake: Intake
  #heardMs = 0
  /** The venue's words if the text refuses the request as a whole. */
  requestRefusal: string | undefined

  constructor(intake: Intake) {
    this.#intake = intake
  }

  /** Call before each text. */
  started(receivedMonotonicMs: number, heardMs: number): void {
    this.#heardMs = heardMs
    this.requestRefusal = undefined
    this.#intake.frameStarted(receivedMonotonicMs, heardMs)
  }

  price(
    kind: PriceKind,
    symbol: string,
    price: string,
    eventTimeMs: number | undefined,
    funding: Funding | undefined,
    markSource?: MarkSource,
  ): void {
    this.#intake.price(kind, symbol, price, eventTimeMs, funding, markSource)
  }

  unchanged(symbol: string, eventTimeMs: number | undefined, funding: Funding | undefined): void {
    this.#intake.unchanged(symbol, eventTimeMs, funding)
  }

  noMark(symbol: string | undefined, sinceMs: number | undefined): void {
    this.#intake.noMark(symbol, sinceMs)
  }

  acknowledged(symbols: readonly string[] | 'request'): void {
    if (symbols !== 'request') this.#intake.taken(symbols)
  }

  rejected(symbol: string | 'request', reason: string): void {
    if (symbol === 'request') this.requestRefusal = reason
    else if (this.#intake.all.has(symbol)) this.#intake.refused(symbol, reason, true, this.#heardMs)
    else this.#intake.refusedUnasked(reason)
  }

  reply(): void {
    // The source cannot send.
  }
}
