import { describe, expect, it } from 'vitest'
import type { PublishedLevel } from '../../src/delivery/index.ts'
import { venueId } from '../../src/domain/index.ts'
import { publishedIn } from '../../src/worker/published-in-gap.ts'

const AT = 1_700_000_040_000
const MINUTE_MS = 60_000

const event = (
  level: string,
  previousLevel: string,
  seconds: number | null,
  of: Partial<PublishedLevel> = {},
): PublishedLevel => ({
  marginAccount: 'a',
  venue: 'binance',
  level,
  previousLevel,
  eventTimeMs: seconds === null ? null : AT + seconds * 1_000,
  receivedTimeMs: AT + (seconds ?? 0) * 1_000 + 20,
  isBackfill: false,
  ...of,
})
/** Levels that were published of a gap from 30 s to 150 s. */
const levelsOf = (...events: PublishedLevel[]) => {
  const gap = { venue: venueId('binance'), fromMs: AT + 30_000, toMs: AT + 150_000 }
  return publishedIn(gap, events).get('a') ?? []
}

describe('the levels that were published of a gap before this worker', () => {
  it('are those of its prices, and that at which the account stood when it began', () => {
    expect(levelsOf(event('1', '0.9', 40))).toEqual(['1', '0.9'])
    expect(levelsOf(event('0', '0.9', 200))).toEqual(['0.9'])
    expect(levelsOf(event('1', '0', 200), event('0', '1', 300))).toEqual(['0'])
  })

  it('are not those from which the account had recovered before it, however shortly', () => {
    expect(levelsOf(event('1', '0', 10), event('0', '1', 29))).toEqual([])
    expect(levelsOf(event('0', '1', 30))).toEqual([])
  })

  it('take an event of a change by the time of its receipt', () => {
    const closed = (receivedS: number) => event('0', '0.9', null, { receivedTimeMs: AT + receivedS * 1_000 })
    expect(levelsOf(closed(29))).toEqual([])
    expect(levelsOf(closed(40))).toEqual(['0', '0.9'])
  })

  it('take what an earlier filling found by its minute', () => {
    const filled = (minute: number) =>
      event('1', '0', 500, { isBackfill: true, eventTimeMs: AT + minute * MINUTE_MS })
    expect(levelsOf(filled(0))).toEqual(['1', '0'])
    expect(levelsOf(filled(2))).toEqual(['1', '0'])
    expect(levelsOf(filled(3))).toEqual([])
  })

  it('are of its venue', () => {
    expect(levelsOf(event('1', '0.9', 40, { venue: 'bybit' }))).toEqual([])
  })
})
