import type { FrameSink } from '../domain/index.ts'

/** Hears of a text only that it refuses the request, for answers whose status says that they hold no prices. */
export class RefusalSink implements FrameSink {
  /** The venue's words; undefined for a text that does not refuse the request. */
  words: string | undefined

  rejected(symbol: string | 'request', reason: string): void {
    if (symbol === 'request') this.words = reason
  }

  price(): void {}
  unchanged(): void {}
  noMark(): void {}
  acknowledged(): void {}
  reply(): void {}
}
