import { describe, expect, it } from 'vitest'
import { type Bar, type BarOrder, Bars } from '../../src/replay/index.ts'

const MINUTE_MS = 60_000
const START_MS = 1_760_129_400_000

function bar(symbol: string, minute: number, prices: string): Bar {
  const [open = '', high = '', low = '', close = ''] = prices.split(' ')
  return { symbol, openTimeMs: START_MS + minute * MINUTE_MS, open, high, low, close }
}

function barsOf(...list: Bar[]): Bars {
  const bars = new Bars()
  for (const one of list) bars.add(one, MINUTE_MS)
  return bars
}

/** The prices of one contract on their way. */
function wayOf(bars: Bars, order: BarOrder, symbol = 'A'): string[] {
  return [...bars.instants(order)].flatMap(({ marks }) =>
    marks.filter(([name]) => name === symbol).map(([, price]) => price),
  )
}

const RISING = bar('A', 0, '10 13 9 12')
const FALLING = bar('A', 0, '10 13 9 9.5')

describe('the way through a bar', () => {
  it('takes the low first unless the bar falls', () => {
    expect(wayOf(barsOf(RISING), 'direction')).toEqual(['10', '9', '13', '12'])
    expect(wayOf(barsOf(FALLING), 'direction')).toEqual(['10', '13', '9', '9.5'])
    expect(wayOf(barsOf(bar('A', 0, '10 13 9 10.0')), 'direction')).toEqual(['10', '9', '13', '10.0'])
  })

  it('takes the low or the high first where that is asked for', () => {
    for (const one of [RISING, FALLING]) {
      expect(wayOf(barsOf(one), 'low-first').slice(1, 3)).toEqual(['9', '13'])
      expect(wayOf(barsOf(one), 'high-first').slice(1, 3)).toEqual(['13', '9'])
    }
  })

  it('begins at the open time and ends a millisecond before the next one', () => {
    const instants = [...barsOf(RISING, bar('A', 1, '12 12 12 12')).instants('direction')]
    expect(instants.map(({ timeMs }) => timeMs - START_MS)).toEqual([
      0, 20_000, 40_000, 59_999, 60_000, 80_000, 100_000, 119_999,
    ])
  })
})

describe('the bars of several contracts', () => {
  it('go together by their time, whatever the order of the files', () => {
    const list = [
      bar('B', 1, '2 2 2 2'),
      bar('B', 0, '1 1 1 1'),
      bar('A', 1, '4 4 4 4'),
      bar('A', 0, '3 3 3 3'),
    ]
    const first = [...barsOf(...list).instants('direction')]
    expect(first[0]?.marks).toEqual([
      ['A', '3'],
      ['B', '1'],
    ])
    expect(first).toEqual([...barsOf(...list.reverse()).instants('direction')])
    expect(barsOf(...list).symbols).toEqual(['A', 'B'])
    expect(barsOf(...list).firstPrices()).toEqual(new Map(Object.entries({ A: '3', B: '1' })))
  })

  it('say that a contract is silent where it has no bar any more', () => {
    const instants = [
      ...barsOf(bar('A', 0, '1 1 1 1'), bar('B', 0, '1 1 1 1'), bar('A', 1, '1 1 1 1')).instants('direction'),
    ]
    expect(instants.map(({ silent }) => silent)).toEqual([[], [], [], [], ['B'], [], [], []])
  })

  it('say that all are silent in a gap, at the end of the last bar before it', () => {
    const bars = barsOf(bar('A', 0, '1 1 1 1'), bar('A', 1, '1 1 1 1'), bar('A', 5, '1 1 1 1'))
    const gap = [...bars.instants('direction')].filter(({ silent }) => silent.length > 0)
    expect(gap).toEqual([{ timeMs: START_MS + 2 * MINUTE_MS, marks: [], silent: ['A'] }])
  })

  it('have the length of the shortest time between two of one contract, and of bars alone that of their files', () => {
    expect(barsOf(bar('A', 0, '1 1 1 1'), bar('B', 3, '1 1 1 1')).intervalMs).toBe(MINUTE_MS)
    const bars = barsOf(bar('A', 0, '1 1 1 1'), bar('A', 10, '1 1 1 1'), bar('A', 5, '1 1 1 1'))
    expect(bars.intervalMs).toBe(5 * MINUTE_MS)
    expect(bars.span).toEqual({ fromMs: START_MS, toMs: START_MS + 15 * MINUTE_MS })
  })

  it('have one length in every order of lines and files', () => {
    const list = [0, 2, 4, 1, 3].map((minute) => bar('A', minute, '1 1 1 1'))
    expect(barsOf(...list).intervalMs).toBe(MINUTE_MS)
    expect([...barsOf(...list).instants('direction')]).toHaveLength(20)
    const even = barsOf(...[0, 2, 4].map((minute) => bar('A', minute, '1 1 1 1')))
    expect(even.intervalMs).toBe(2 * MINUTE_MS)
    even.add(bar('A', 3, '1 1 1 1'))
    expect(even.intervalMs).toBe(MINUTE_MS)
  })

  it('are refused where each contract has one, and files state no length or two', () => {
    const alone = new Bars()
    alone.add(bar('A', 0, '1 1 1 1'))
    expect(() => alone.intervalMs).toThrow(/one bar of a contract tells no length/)
    alone.add(bar('B', 0, '1 1 1 1'), 60 * MINUTE_MS)
    expect(alone.span.toMs - alone.span.fromMs).toBe(60 * MINUTE_MS)
    alone.add(bar('C', 0, '1 1 1 1'), MINUTE_MS)
    expect(() => alone.intervalMs).toThrow(/state bars of 3600 s and 60 s/)
  })

  it('are refused where two are of one contract and time, one begins inside of another, or they are too many', () => {
    const twice = barsOf(bar('A', 0, '1 1 1 1'))
    expect(() => twice.add(bar('A', 0, '2 2 2 2'))).toThrow(/two bars of A at 2025-10-10T20:50:00.000Z/)
    const inside = barsOf(bar('A', 0, '1 1 1 1'), bar('A', 5, '1 1 1 1'), bar('B', 2, '1 1 1 1'))
    expect(() => [...inside.instants('direction')]).toThrow(/of 300 s, and one at 2025-10-10T20:52/)
    const full = new Bars(1)
    full.add(bar('A', 0, '1 1 1 1'))
    expect(() => full.add(bar('A', 1, '1 1 1 1'))).toThrow(/more than 1 bars/)
  })
})
