import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/venues/index.ts'
import { read } from './record.ts'

const START_MS = 1_760_325_052_000

const ticker = (type: string, markPrice: string | undefined, cs: number, ts: number) =>
  JSON.stringify({ topic: 'tickers.BTCUSDT', type, data: { symbol: 'BTCUSDT', markPrice }, cs, ts })

/** What one parser makes of deltas after a snapshot with the mark 1 and the sequence 1,000,000,000. */
function readAfterSnapshot(
  deltas: readonly (readonly [markPrice: string | undefined, cs: number, afterMs: number])[],
): string[] {
  const parser = sourceOf('bybit-linear').createParser()
  read(parser, ticker('snapshot', '1', 1_000_000_000, START_MS))
  return deltas.map(([markPrice, cs, afterMs]) => {
    const { kind, ticks, unchanged } = read(parser, ticker('delta', markPrice, cs, START_MS + afterMs))
    return ticks[0]?.markPrice ?? (unchanged.length > 0 ? 'unchanged' : kind)
  })
}

describe('the cross sequence of Bybit', () => {
  it('that jumps forward once mutes the market for not one frame', () => {
    const heard = readAfterSnapshot([
      ['2', 9_000_000_000_000, 100],
      ['3', 1_000_000_200, 200],
      [undefined, 1_000_000_300, 300],
      ['4', 1_000_000_400, 400],
    ])
    expect(heard).toEqual(['2', '3', 'unchanged', '4'])
  })

  it('that starts again after a restart of the venue mutes the market for no frame', () => {
    const heard = readAfterSnapshot([
      ['2', 5, 100],
      ['3', 9, 200],
      ['4', 12, 300],
    ])
    expect(heard).toEqual(['2', '3', '4'])
  })

  it('that starts again a little lower, at a later time, is a restart too', () => {
    expect(readAfterSnapshot([['2', 999_999_990, 100]])).toEqual(['2'])
  })

  it('that jumps together with the time mutes the market for not one frame', () => {
    const heard = readAfterSnapshot([
      ['2', 1_000_001_000, 3_600_000],
      ['3', 1_000_000_200, 200],
    ])
    expect(heard).toEqual(['2', '3'])
  })

  it('drops a repeated frame and one that was overtaken', () => {
    const heard = readAfterSnapshot([
      ['2', 1_000_000_200, 200],
      ['2', 1_000_000_200, 200],
      ['1.5', 1_000_000_100, 100],
      ['1.7', 1_000_000_150, 200],
      ['3', 1_000_000_300, 300],
    ])
    expect(heard).toEqual(['2', 'ignored', 'ignored', 'ignored', '3'])
  })

  it('starts a new snapshot when it is far out of step: a frame without a mark confirms none', () => {
    const heard = readAfterSnapshot([
      [undefined, 5, 100],
      ['2', 9, 200],
      [undefined, 12, 300],
    ])
    expect(heard).toEqual(['ticks', '2', 'unchanged'])
  })
})

describe('a mark price of Bybit that cannot be read', () => {
  it.each(['', '0', 'NaN', null])('is not confirmed by frames without one: %j', (unreadable) => {
    const parser = sourceOf('bybit-linear').createParser()
    read(parser, ticker('snapshot', '1', 100, START_MS))
    expect(read(parser, ticker('delta', unreadable as string, 101, START_MS + 100)).kind).toBe('malformed')
    expect(read(parser, ticker('delta', undefined, 102, START_MS + 200)).unchanged).toEqual([])
    expect(read(parser, ticker('delta', '2', 103, START_MS + 300)).ticks).toHaveLength(1)
    expect(read(parser, ticker('delta', undefined, 104, START_MS + 400)).unchanged).toEqual(['BTCUSDT'])
  })
})
