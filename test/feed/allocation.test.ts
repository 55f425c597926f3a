import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { PriceKind } from '../../src/domain/index.ts'
import { Markets } from '../../src/feed/markets.ts'
import { sourceOf } from '../../src/venues/index.ts'

const FRAMES = 4_000
const ROUNDS_MIN = 15
const ROUNDS_MAX = 100
/** Two numbers that cross a call boundary may be boxed (16 bytes each); one object or string a frame more is too much. */
const BOXED_BYTES_MAX = 32
const START_MS = 1_760_325_052_000

const bybit = Array.from({ length: FRAMES }, (_, index) =>
  JSON.stringify({
    topic: 'tickers.BTCUSDT',
    type: index === 0 ? 'snapshot' : 'delta',
    ts: START_MS + index,
    data: { symbol: 'BTCUSDT', markPrice: `${66_666 + index}.60`, ask1Price: '1' },
    cs: 1_000 + index,
  }),
)
const binance = Array.from({ length: FRAMES }, (_, index) =>
  JSON.stringify({
    stream: 'btcusdt@markPrice@1s',
    data: {
      e: 'markPriceUpdate',
      E: START_MS + index,
      s: 'BTCUSDT',
      p: `${66_666 + index}.60`,
      i: '1.5',
      r: '0.0001',
      T: START_MS,
    },
  }),
)

/** `formBytes`: by how much the values that a form captures, in their list, are more than the JSON of the frame. */
describe.each([
  { id: 'bybit-linear', frames: bybit, formBytes: 110 },
  { id: 'binance-usdm', frames: binance, formBytes: 142 },
])('a frame of $id', ({ id, frames, formBytes }) => {
  it('allocates nothing beside the values of its form, from the parser to the freshness of its market', () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const markets = new Markets({
      staleAfterMs: 5_000,
      indexStaleAfterMs: 5_000,
      firstMarkMs: 30_000,
      aheadOfClock: () => {},
    })
    markets.add('BTCUSDT', 0)
    const parser = sourceOf(id).createParser()
    const time = { receivedMonotonicMs: 0.5, receivedTimeMs: START_MS, heardMs: 0.5 }
    let accepted = 0
    const sink = {
      price: (kind: PriceKind, symbol: string, mark: string, eventTimeMs: number) => {
        if (kind === 'mark' && markets.accept(symbol, mark, eventTimeMs, time) !== 'older') accepted++
      },
      unchanged: () => {},
      noMark: () => {},
      acknowledged: () => {},
      rejected: () => {},
      reply: () => {},
    }
    const measured = (each: (frame: string) => unknown): number => {
      gc()
      const before = process.memoryUsage().heapUsed
      markets.forgetOrder()
      for (const frame of frames) each(frame)
      return (process.memoryUsage().heapUsed - before) / FRAMES
    }
    // Code that is not optimised yet, and whatever else the process allocates, only adds: the least counts.
    let jsonBytes = Number.POSITIVE_INFINITY
    let wholeBytes = Number.POSITIVE_INFINITY
    let rounds = 0
    while (
      rounds < ROUNDS_MIN ||
      (rounds < ROUNDS_MAX && wholeBytes - jsonBytes >= formBytes + BOXED_BYTES_MAX)
    ) {
      jsonBytes = Math.min(
        jsonBytes,
        measured((frame) => JSON.parse(frame)),
      )
      wholeBytes = Math.min(
        wholeBytes,
        measured((frame) => parser.parse(frame, sink)),
      )
      rounds++
    }
    expect(accepted).toBe(rounds * FRAMES)
    expect(wholeBytes - jsonBytes).toBeLessThan(formBytes + BOXED_BYTES_MAX)
  })
})
