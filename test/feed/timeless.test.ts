import { describe, expect, it } from 'vitest'
import { Markets } from '../../src/feed/markets.ts'

const SYMBOL = 'BTC'

function watched() {
  const markets = new Markets({
    staleAfterMs: 5_000,
    indexStaleAfterMs: 5_000,
    firstMarkMs: 5_000,
    aheadOfClock: () => expect.fail('no price is ahead of the clock'),
  })
  markets.add(SYMBOL, 0)
  const at = (receivedTimeMs: number) => ({ receivedMonotonicMs: 1, receivedTimeMs, heardMs: 1 })
  return {
    market: () => markets.all.get(SYMBOL)!,
    take: (price: string | undefined, statedMs: number | undefined, receivedMs: number) =>
      markets.accept(SYMBOL, price, statedMs, at(receivedMs)),
  }
}

describe('prices of a venue that states no time', () => {
  it('are in the order in which they come, also when our clock is set back, and bear the time of receipt', () => {
    const { take, market } = watched()
    expect(take('1', undefined, 9_000_000)).toBe('freshened')
    expect(take('2', undefined, 5_000_000)).toBe('accepted')
    expect(market().eventTimeMs).toBe(5_000_000)
  })

  it('leave the order of those that state one as it is', () => {
    const { take } = watched()
    take('1', 100, 1_000)
    expect(take('2', undefined, 1_000)).toBe('accepted')
    expect(take('3', 99, 1_000)).toBe('older')
    expect(take('4', 100, 1_000)).toBe('accepted')
  })

  it('are not confirmed before the first', () => {
    const { take, market } = watched()
    expect(take(undefined, 100, 1_000)).toBe('doubtful')
    expect(market().state).toBe('unknown')
    take('1', undefined, 1_000)
    expect(take(undefined, 101, 1_000)).toBe('accepted')
  })
})
