import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import type { PriceKind } from '../../src/domain/index.ts'

const FRAMES = 4_000
const ROUNDS = 15
/** V8 decides once for a function which numbers it boxes, and not always the same: each try loads the code anew. */
const TRIES_MAX = 8
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

/** Bytes of a frame that parser and markets allocate beyond those of `JSON.parse`, in code that was just loaded. */
async function extraBytes(id: string, frames: readonly string[], gc: () => void): Promise<number> {
  vi.resetModules()
  const { Markets } = await import('../../src/feed/markets.ts')
  const { sourceOf } = await import('../../src/venues/index.ts')
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
  for (let round = 0; round < ROUNDS; round++) {
    const json = measured((frame) => JSON.parse(frame))
    const whole = measured((frame) => parser.parse(frame, sink))
    jsonBytes = Math.min(jsonBytes, json)
    wholeBytes = Math.min(wholeBytes, whole)
  }
  expect(accepted).toBe(ROUNDS * FRAMES)
  return wholeBytes - jsonBytes
}

/** `formBytes`: by how much the values that a form captures, in their list, are more than the JSON of the frame. */
describe.each([
  { id: 'bybit-linear', frames: bybit, formBytes: 85 },
  { id: 'binance-usdm', frames: binance, formBytes: 142 },
])('a frame of $id', ({ id, frames, formBytes }) => {
  it('allocates nothing beside the values of its form, from the parser to the freshness of its market', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const bytesMax = formBytes + BOXED_BYTES_MAX
    let bytes = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < TRIES_MAX && bytes >= bytesMax; tries++)
      bytes = Math.min(bytes, await extraBytes(id, frames, gc))
    expect(bytes).toBeLessThan(bytesMax)
  })
})
