import type { Decimal } from './decimal.ts'
import type { MarkSource } from './mark-source.ts'

/** Takes marks, and index prices by their names, frame by frame: the prices of one frame are one instant. */
export interface MarkSink {
  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void
  /**
   * One price, as the venue printed it. `fundingRate` and `nextFundingTimeMs`: of the market's next payment; undefined
   * where the frame does not give it. `markSource`: what stands for a mark that the venue does not publish; undefined for its own.
   */
  tick(
    venue: string,
    symbol: string,
    markText: Decimal,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number | undefined,
    markSource?: MarkSource,
  ): void
  /** The venue confirms the last mark. Funding as in `tick`: another rate is judged at that mark. */
  unchanged(
    venue: string,
    symbol: string,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number | undefined,
  ): void
  /**
   * An index price that the frame states beside marks, whether the book needs it or not: marks are compared with it. One that the
   * book needs comes by `tick` or `unchanged` too.
   */
  indexPrice(venue: string, name: string, price: Decimal): void
  frameEnd(): void
  /** The market has no fresh mark. */
  marketStale(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void
  /** Marks of the market may be missed from its last one on, until the next one. */
  marketInterrupted(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void
  /** Whether a margin account that is judged has a position in the market. */
  isHeld(venue: string, symbol: string): boolean
  /** Margin accounts without a verdict. */
  readonly unknownMarginAccounts: number
}
