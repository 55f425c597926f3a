import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { levelRule } from '../../src/margin/index.ts'
import { binance } from '../../src/venues/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { sharedPath } from '../support/shared.ts'

/** One-minute bars of USDⓈ-M contracts on 2025-10-10, 20:50 to 22:20 UTC: the largest cascade of liquidations on record. */
const BARS = sharedPath('data/binance-usdm-1m-2025-10-10.csv')
/** Its price stood still for 25 minutes. */
const SILENT = 'FILUSDT'

interface Bar {
  readonly symbol: string
  readonly openTimeMs: number
  /** Open, high, low, close: the order of high and low is not known, and a low before the high would warn earlier. */
  readonly prices: readonly string[]
}

function readBars(path: string): Bar[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1)
  return lines.map((line) => {
    const [symbol, openTimeMs, ...prices] = line.split(',')
    return { symbol: symbol!, openTimeMs: Number(openTimeMs), prices }
  })
}

/** When each contract held long at 10x since the first bar was warned and liquidated, as the bar's time. */
function replay(bars: readonly Bar[]) {
  const opened = openMonitor({
    books: { binance: binance.ruleBook, bybit: binance.ruleBook },
    rule: levelRule(),
  })
  const symbols = [...new Set(bars.map(({ symbol }) => symbol))].filter((symbol) => symbol !== SILENT)
  for (const symbol of symbols) {
    const [entryPrice] = bars.find((bar) => bar.symbol === symbol)!.prices
    const position = crossPosition(symbol, { size: '1', entryPrice: entryPrice!, leverage: '10' })
    const amount = (Number(entryPrice) / 10).toFixed(8)
    const collateral = [{ asset: 'USDT', amount }]
    opened.monitor.apply({
      kind: 'put',
      account: makeAccount({ id: symbol, venue: 'binance', collateral, positions: [position] }),
    })
  }
  const times = [...new Set(bars.map(({ openTimeMs }) => openTimeMs))].sort((a, b) => a - b)
  const seen = new Map<string, number>()
  for (const time of times) {
    const minute = bars.filter(({ openTimeMs, symbol }) => openTimeMs === time && symbol !== SILENT)
    for (let at = 0; at < 4; at++) {
      const before = opened.records.length
      opened.frame(minute.map(({ symbol, prices }) => [symbol, prices[at]!] as const))
      for (const { account, level } of opened.events().slice(before)) {
        const key = `${account} ${level}`
        if (!seen.has(key)) seen.set(key, time)
      }
    }
  }
  return { symbols, seen }
}

describe('the crash of 2025-10-10', () => {
  it.skipIf(BARS === undefined)(
    'warns a long of 10x cross leverage 5 % before its line, in a bar before the one that liquidates it',
    () => {
      const { symbols, seen } = replay(readBars(BARS!))
      const liquidated = symbols.filter((symbol) => seen.has(`${symbol} 1`))
      expect(liquidated).toContain('BTCUSDT')
      expect(liquidated.length).toBeGreaterThan(8)
      for (const symbol of liquidated) {
        expect(seen.get(`${symbol} 5%`), symbol).toBeLessThan(seen.get(`${symbol} 1`)!)
      }
    },
  )
})
