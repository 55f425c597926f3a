import { describe, expect, it } from 'vitest'
import { DEMO_INSTRUMENTS } from '../../src/demo/exchange/instruments.ts'
import { createMarket, type Market } from '../../src/demo/exchange/market.ts'
import { isPrice } from '../../src/domain/index.ts'

const STEP_MS = 100
const SECONDS = 32

const placeOf = (venue: string, symbol: string): number =>
  DEMO_INSTRUMENTS.findIndex((instrument) => instrument.venue === venue && instrument.symbol === symbol)

/** Marks of some instruments after every step, as numbers. */
function walk(market: Market, places: readonly number[]): number[][] {
  const paths: number[][] = places.map(() => [])
  while (market.phase !== 'over') {
    market.step(STEP_MS)
    places.forEach((place, row) => void paths[row]!.push(Number(market.markOf(place))))
  }
  return paths
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const returns = (path: readonly number[]) => path.slice(10).map((price, i) => Math.log(price / path[i]!))
  const [x, y] = [returns(a), returns(b)]
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(x), mean(y)]
  const sum = (f: (i: number) => number) => x.reduce((total, _value, i) => total + f(i), 0)
  const covariance = sum((i) => (x[i]! - mx) * (y[i]! - my))
  return covariance / Math.sqrt(sum((i) => (x[i]! - mx) ** 2) * sum((i) => (y[i]! - my) ** 2))
}

describe('the demo market', () => {
  const run = (seed: number) => {
    const market = createMarket(seed, 3, DEMO_INSTRUMENTS)
    const lines: string[] = []
    while (market.phase !== 'over')
      lines.push(
        market
          .step(STEP_MS)
          .map((place) => market.markOf(place))
          .join(),
      )
    return lines.join('\n')
  }

  it('is the same for the same seed and another for another seed', () => {
    expect(run(7)).toBe(run(7))
    expect(run(8)).not.toBe(run(7))
  })

  it('goes through calm, trend, crash and recovery and then does not move', () => {
    const market = createMarket(1, SECONDS, DEMO_INSTRUMENTS)
    const phases = new Set<string>()
    while (market.phase !== 'over') {
      phases.add(market.phase)
      market.step(STEP_MS)
    }
    expect([...phases]).toEqual(['calm', 'trend', 'crash', 'recovery'])
    expect(market.elapsedMs).toBe(SECONDS * 1000)
    expect(market.step(STEP_MS)).toEqual([])
  })

  it('crashes by a tenth or more and recovers part of it, however short the run is', () => {
    for (const seconds of [5, SECONDS]) {
      const [path] = walk(createMarket(3, seconds, DEMO_INSTRUMENTS), [placeOf('bybit', 'BTCUSDT')])
      const lowest = Math.min(...path!)
      const highestBefore = Math.max(...path!.slice(0, path!.indexOf(lowest)))
      expect(lowest / highestBefore).toBeLessThan(0.9)
      expect(path!.at(-1)! / lowest).toBeGreaterThan(1.03)
    }
  })

  it('moves a coin nearly alike on both venues and different coins together but not alike', () => {
    const [bybit, binance, inverse, other] = walk(createMarket(5, SECONDS, DEMO_INSTRUMENTS), [
      placeOf('bybit', 'ETHUSDT'),
      placeOf('binance', 'ETHUSDT'),
      placeOf('bybit', 'ETHUSD'),
      placeOf('bybit', 'SOLUSDT'),
    ]) as [number[], number[], number[], number[]]
    expect(correlation(bybit, binance)).toBeGreaterThan(0.95)
    expect(correlation(bybit, inverse)).toBeGreaterThan(0.95)
    expect(correlation(bybit, other)).toBeGreaterThan(0.4)
    expect(correlation(bybit, other)).toBeLessThan(0.97)
    const gap = bybit.map((price, i) => Math.abs(price / binance[i]! - 1))
    expect(Math.max(...gap)).toBeLessThan(0.004)
  })

  it('prints prices in the decimals of the venue', () => {
    const market = createMarket(2, 2, DEMO_INSTRUMENTS)
    while (market.phase !== 'over') market.step(STEP_MS)
    DEMO_INSTRUMENTS.forEach((instrument, place) => {
      const mark = market.markOf(place)
      expect(isPrice(mark)).toBe(true)
      const decimals = instrument.venue === 'binance' ? 8 : instrument.entryDecimals
      expect(mark.split('.')[1]).toHaveLength(decimals)
    })
  })

  it('names the instruments whose printed mark changed, and only them', () => {
    const market = createMarket(4, 10, DEMO_INSTRUMENTS)
    for (let step = 0; step < 20; step++) {
      const before = DEMO_INSTRUMENTS.map((_instrument, place) => market.markOf(place))
      const changed = new Set(market.step(STEP_MS))
      before.forEach((mark, place) => void expect(market.markOf(place) !== mark).toBe(changed.has(place)))
    }
  })
})
