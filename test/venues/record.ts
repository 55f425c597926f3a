import type { FrameKind, FrameParser, TickDetails } from '../../src/domain/index.ts'

/** A tick as the tests write it: symbol, mark, event time, then whatever details the frame or its state hold. */
export interface RecordedTick extends Partial<TickDetails> {
  readonly symbol: string
  readonly markPrice: string
  readonly eventTimeMs: number
}

export interface Reading {
  readonly kind: FrameKind
  readonly ticks: readonly RecordedTick[]
  readonly unchanged: readonly string[]
}

/** What `parser` makes of one frame, copied out of the sink. Details that are undefined are left out. */
export function read(parser: FrameParser, frame: string): Reading {
  const ticks: RecordedTick[] = []
  const unchanged: string[] = []
  const kind = parser.parse(frame, {
    tick: (symbol, markPrice, eventTimeMs, details) => {
      const { indexPrice, fundingRate, nextFundingTimeMs } = details
      ticks.push(
        withoutUndefined({ symbol, markPrice, eventTimeMs, indexPrice, fundingRate, nextFundingTimeMs }),
      )
    },
    unchanged: (symbol) => void unchanged.push(symbol),
  })
  return { kind, ticks, unchanged }
}

function withoutUndefined(tick: RecordedTick): RecordedTick {
  return Object.fromEntries(Object.entries(tick).filter(([, value]) => value !== undefined)) as never
}
