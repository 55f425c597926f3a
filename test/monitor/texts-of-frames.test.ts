import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type Market, seenMark } from '../../src/monitor/market.ts'
import { MARKED, PendingTicks, TEXTS_OF_FRAMES_MAX } from '../../src/monitor/pending-ticks.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const TICKS = 16 * TEXTS_OF_FRAMES_MAX
const FRAME_BYTES = 2_000
/** Own texts of a price and a rate, and what V8 needs for them. */
const TICK_BYTES_MAX = 150

/** A price and a rate as a parser cuts them out of a frame, which they then keep in memory. */
function cutOut(number: number, frameBytes = FRAME_BYTES): readonly [price: string, rate: string] {
  const frame = Buffer.from(
    `${10_000_000 + number}.00000001${'x'.repeat(frameBytes)}0.0000000000001`,
  ).toString()
  return [/^[\d.]+/.exec(frame)![0], /0\.0+1$/.exec(frame)![0]]
}

/** What `use` leaves in the heap, in bytes. */
function grownBy(use: () => void): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  const before = process.memoryUsage().heapUsed
  use()
  gc()
  return process.memoryUsage().heapUsed - before
}

describe('ticks that wait', () => {
  it('keep no more frames in memory than the limit, and every text', () => {
    const ticks = new PendingTicks()
    const grown = grownBy(() => {
      for (let number = 0; number < TICKS; number++) {
        const [price, rate] = cutOut(number)
        ticks.push(MARKED, number, price, 1, rate, 2)
      }
    })
    expect(grown).toBeLessThan(TEXTS_OF_FRAMES_MAX * (FRAME_BYTES + 200) + TICKS * TICK_BYTES_MAX)
    for (let number = 0; number < TICKS; number++) {
      const [price, rate] = cutOut(number)
      if (ticks.markText !== price || ticks.fundingRate !== rate)
        expect.fail(`${ticks.markText} is not ${price}`)
      ticks.shift()
    }
    expect(ticks.length).toBe(0)
  })
})

describe('a record of funding', () => {
  it('keeps no frame in memory', () => {
    const HOUR_MS = 3_600_000
    const RECORDS = 500
    const { monitor, funding } = openMonitor({ appliesFunding: true })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    const grown = grownBy(() => {
      for (let hour = 1; hour <= RECORDS; hour++) {
        const [price, rate] = cutOut(hour, 100_000)
        monitor.frameStart(1, 1)
        monitor.tick('binance', 'AUSDT', price, hour * HOUR_MS - 1, rate, hour * HOUR_MS)
        monitor.frameEnd()
      }
    })
    expect(funding.recorded.filter(({ terms }) => terms !== 'unknown')).toHaveLength(RECORDS - 1)
    expect(grown).toBeLessThan(5e6)
  })
})

describe('a mark that is kept for findings', () => {
  it('keeps no frame in memory', () => {
    const MARKS = 500
    const kept: unknown[] = []
    const grown = grownBy(() => {
      for (let number = 0; number < MARKS; number++) {
        const [markText, fundingRate] = cutOut(number, 100_000)
        kept.push(seenMark({ symbol: 'A', markText, fundingRate, seen: undefined } as Market))
      }
    })
    expect(kept[1]).toMatchObject({ markPrice: '10000001.00000001', fundingRate: '0.0000000000001' })
    expect(grown).toBeLessThan(5e6)
  })
})
