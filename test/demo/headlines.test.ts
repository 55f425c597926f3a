import { describe, expect, it } from 'vitest'
import { createHeadlines } from '../../src/demo/screen/headlines.ts'
import type { MarginEvent } from '../../src/domain/index.ts'

let receivedTimeMs = 0

/** An event with what a headline needs of one. */
function event(account: string, change: Partial<MarginEvent> = {}): MarginEvent {
  const position = {
    symbol: 'BTCUSDT',
    size: '1',
    notional: '1',
    maintenanceMargin: '1',
    bankruptcyPrice: null,
  }
  return {
    kind: 'liquidation',
    level: '1',
    account,
    marginMode: 'isolated',
    settle: 'USDT',
    marginRatio: '1.1',
    shortfall: '1',
    positions: [{ ...position, unrealizedPnl: '-5', liquidationPrice: null }],
    marks: [{ symbol: 'BTCUSDT', markPrice: '60000', eventTimeMs: 1, ageMs: 0 }],
    cure: { topUp: '2', reductions: [{ symbol: 'BTCUSDT', size: '0.5' }] },
    receivedTimeMs: receivedTimeMs++,
    ...change,
  } as MarginEvent
}

function told(shownMax: number, ...windows: MarginEvent[][]): string[] {
  const headlines = createHeadlines(shownMax)
  let shown: string[] = []
  for (const events of windows) {
    for (const each of events) headlines.add(each)
    shown = headlines.turn().map(({ account }) => account)
  }
  return shown
}

describe('the events on the screen', () => {
  it('are the worst of a window: liquidations by shortfall, then warnings by level, then what is over', () => {
    const window = [
      event('recovered', { kind: 'recovered', level: '0', shortfall: '0' }),
      event('small', { shortfall: '9' }),
      event('warning 0.9', { kind: 'warning', level: '0.9', shortfall: '0' }),
      event('large', { shortfall: '10.5' }),
      event('warning 0.5', { kind: 'warning', level: '0.5', shortfall: '0' }),
      event('unknown', { kind: 'unknown', level: '0.5', shortfall: null }),
    ]
    const order = ['large', 'small', 'warning 0.9', 'warning 0.5', 'unknown', 'recovered']
    expect(told(6, window)).toEqual(order)
    expect(told(2, window)).toEqual(order.slice(0, 2))
  })

  it('compare a shortfall in coin by its worth', () => {
    const coin = event('coin', { settle: 'BTC', shortfall: '0.5' })
    expect(told(2, [event('dollars', { shortfall: '29999' }), coin])).toEqual(['coin', 'dollars'])
    expect(told(2, [event('dollars', { shortfall: '30001' }), coin])).toEqual(['dollars', 'coin'])
  })

  it('stay while nothing new comes, and make room for what does', () => {
    const worst = event('old and worst', { shortfall: '99' })
    expect(told(2, [worst], [], [])).toEqual(['old and worst'])
    expect(told(2, [worst], [event('new', { shortfall: '1' })])).toEqual(['old and worst', 'new'])
    expect(told(2, [worst], [event('a', { shortfall: '1' }), event('b', { shortfall: '2' })])).toEqual([
      'b',
      'a',
    ])
  })

  it('name the position that loses most, its side and its mark, and the first order that cures', () => {
    const positions = [
      { symbol: 'BTCUSDT', size: '1', unrealizedPnl: '-5' },
      { symbol: 'ETHUSDT', size: '-2', unrealizedPnl: '-7' },
      { symbol: 'SOLUSDT', size: '3', unrealizedPnl: '4' },
    ] as MarginEvent['positions']
    const marks = [{ symbol: 'ETHUSDT', markPrice: '3000', eventTimeMs: 1, ageMs: 0 }]
    const reductions = [
      { symbol: 'BTCUSDT', size: null },
      { symbol: 'ETHUSDT', size: '1.5' },
    ]
    const headlines = createHeadlines(1)
    headlines.add(event('pool', { marginMode: 'cross', positions, marks, cure: { topUp: '8', reductions } }))
    expect(headlines.turn()).toMatchObject([
      {
        positions: 3,
        worst: { symbol: 'ETHUSDT', isLong: false, markPrice: '3000' },
        topUp: '8',
        reduction: { symbol: 'ETHUSDT', size: '1.5' },
      },
    ])
  })

  it('have no position, mark or cure if the event has none', () => {
    const headlines = createHeadlines(1)
    headlines.add(event('closed', { kind: 'closed', positions: [], marks: [], cure: null, shortfall: null }))
    expect(headlines.turn()).toMatchObject([{ worst: null, positions: 0, topUp: null, reduction: null }])
  })
})
