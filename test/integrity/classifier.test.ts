import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { Classifier, type Doubt, type IntegrityTerms, integrityRules } from '../../src/integrity/index.ts'
import { underlyingOf } from '../../src/venues/index.ts'

const START_MS = 1_700_000_000_000
const MARKETS = [
  ['bybit', 'BTCUSDT'],
  ['binance', 'BTCUSDT'],
  ['okx', 'BTC-USDT-SWAP'],
  ['kraken', 'PF_XBTUSD'],
  ['bybit', 'SOLUSDT'],
] as const
const [BTC, , , , SOL] = [0, 1, 2, 3, 4]

/** A classifier that hears each mark when the venue states it. */
function openClassifier(terms: Partial<IntegrityTerms> = {}) {
  const classifier = new Classifier(integrityRules(terms), underlyingOf)
  for (const [number, [venue, symbol]] of MARKETS.entries()) classifier.add(number, venueId(venue), symbol)
  const mark = (market: number, price: string, atMs: number, skewMs = 0): Doubt | undefined => {
    const receivedMs = START_MS + atMs
    classifier.mark(market, price, receivedMs + skewMs, receivedMs, 1 + atMs)
    classifier.clearHeard()
    return classifier.classify(market)
  }
  const index = (venue: string, name: string, price: string, atMs: number) => {
    const number = classifier.indexNumberOf(venue, name)
    if (number !== undefined) classifier.index(number, price, 1 + atMs)
  }
  return { classifier, mark, index }
}

const rulesOf = (doubt: Doubt | undefined) => doubt?.findings.map(({ rule }) => rule) ?? []

describe('jump', () => {
  it('is a move from the last accepted mark beyond 10 % of a major and 25 % of another coin', () => {
    const { mark } = openClassifier()
    expect(mark(BTC, '100', 0)).toBeUndefined()
    expect(mark(SOL, '100', 0)).toBeUndefined()
    expect(mark(SOL, '124', 1_000)).toBeUndefined()
    expect(mark(BTC, '88', 1_000)).toMatchObject({
      symbol: 'BTCUSDT',
      markPrice: '88',
      findings: [{ rule: 'jump', reference: '100', limit: '0.1' }],
    })
  })

  it('is decided exactly on its limit, where f64 sees no difference', () => {
    expect(Number('110.000000000000000001')).toBe(110)
    const { mark } = openClassifier()
    mark(BTC, '100', 0)
    expect(mark(BTC, '110', 1_000)).toBeUndefined()
    const { mark: again } = openClassifier()
    again(BTC, '100', 0)
    expect(rulesOf(again(BTC, '110.000000000000000001', 1_000))).toEqual(['jump'])
  })

  it('is none after a second and a half: the mark is accepted and the next is compared with it', () => {
    const { mark } = openClassifier()
    mark(BTC, '100', 0)
    expect(rulesOf(mark(BTC, '80', 1_000))).toEqual(['jump'])
    expect(mark(BTC, '80', 2_000)).toBeUndefined()
    expect(rulesOf(mark(BTC, '100', 3_000))).toEqual(['jump'])
  })

  it('is none when the index of the venue or two of three other venues have made it too', () => {
    const { mark, index } = openClassifier()
    mark(BTC, '100', 0)
    index('bybit', 'BTC/USDT index', '85.5', 900)
    expect(mark(BTC, '85', 1_000)).toBeUndefined()
    const others = openClassifier()
    others.mark(BTC, '100', 0)
    for (const [market, price] of [
      ['85', 1],
      ['86', 2],
      ['100', 3],
    ].map(([a, b]) => [b, a] as [number, string]))
      others.mark(market, price, 900)
    expect(others.mark(BTC, '85', 1_000)).toBeUndefined()
  })

  it('compares with what was accepted, not with the spike before', () => {
    const { mark } = openClassifier()
    mark(BTC, '100', 0)
    const spike = mark(BTC, '70', 500)
    expect(spike?.isSpike).toBeUndefined()
    expect(mark(BTC, '99', 1_000)).toBeUndefined()
    expect(spike?.isSpike).toBe(true)
  })

  it('says of a spike of two marks that none of them stood alone', () => {
    const { mark } = openClassifier()
    mark(BTC, '100', 0)
    const first = mark(BTC, '70', 300)
    const second = mark(BTC, '70', 600)
    mark(BTC, '100', 900)
    expect([first?.isSpike, second?.isSpike]).toEqual([false, false])
  })
})

describe('index', () => {
  it('is a mark beyond 3 % of a major and 5 % of another coin from the index price of the venue', () => {
    const { mark, index } = openClassifier()
    index('bybit', 'BTC/USDT index', '100', 0)
    index('bybit', 'SOL/USDT index', '100', 0)
    expect(mark(SOL, '104.9', 0)).toBeUndefined()
    expect(mark(BTC, '96.9', 0)?.findings).toEqual([{ rule: 'index', reference: '100', limit: '0.03' }])
  })

  it('says nothing by an index price that is older than 5 s, of another venue, or of another contract', () => {
    const { mark, index } = openClassifier()
    index('bybit', 'BTC/USDT index', '100', 0)
    expect(mark(BTC, '90', 5_001)).toBeUndefined()
    index('binance', 'BTC/USDT index', '100', 6_000)
    index('bybit', 'ETH/USDT index', '1', 6_000)
    expect(mark(BTC, '90', 6_000)).toBeUndefined()
  })
})

describe('other venues', () => {
  it('say nothing as long as fewer than three are fresh, and the doubt says how many there were', () => {
    const { mark } = openClassifier()
    mark(BTC, '100', 0)
    mark(1, '80', 500)
    mark(2, '80', 500)
    const doubt = mark(BTC, '120', 600)
    expect(rulesOf(doubt)).toEqual(['jump'])
    expect(doubt?.otherVenues).toBe(2)
  })

  it('are compared by their median: of three the middle one, of four the middle of two', () => {
    const { mark } = openClassifier()
    mark(1, '100', 0)
    mark(2, '101', 0)
    mark(3, '500', 0)
    expect(mark(BTC, '105', 100)?.findings).toEqual([
      { rule: 'cross-venue', reference: '101', limit: '0.03' },
    ])
    expect(mark(BTC, '104', 200)).toBeUndefined()
  })

  it('are no longer compared 5 s after their mark was heard', () => {
    const { mark } = openClassifier()
    for (const market of [1, 2, 3]) mark(market, '100', 0)
    expect(rulesOf(mark(BTC, '110', 5_000))).toEqual(['cross-venue'])
    expect(mark(BTC, '110', 10_001)).toBeUndefined()
  })
})

describe('scale', () => {
  it('is a mark ten times off all that is known: index and last accepted mark', () => {
    const { mark, index } = openClassifier()
    mark(SOL, '100', 0)
    expect(rulesOf(mark(SOL, '9.99', 10_000))).toEqual(['scale'])
    index('bybit', 'SOL/USDT index', '9.9', 19_000)
    expect(mark(SOL, '9.99', 20_000)).toBeUndefined()
    const fresh = openClassifier()
    fresh.index('bybit', 'SOL/USDT index', '100', 0)
    expect(rulesOf(fresh.mark(SOL, '1000.1', 0))).toEqual(['scale', 'index'])
  })

  it('is none where the price walks there mark by mark, and none on the way back', () => {
    const { mark, index } = openClassifier()
    mark(SOL, '4', 0)
    for (const [second, price] of ['2', '0.9', '0.2', '0.05', '0.006'].entries()) {
      const atMs = (second + 1) * 1_000
      index('bybit', 'SOL/USDT index', '4', atMs)
      expect(rulesOf(mark(SOL, price, atMs))).not.toContain('scale')
    }
    index('bybit', 'SOL/USDT index', '0.3', 6_000)
    expect(rulesOf(mark(SOL, '4.5', 6_000))).not.toContain('scale')
  })

  it('is told by three other venues, not by an index of the venue that has the fault too', () => {
    const { mark, index } = openClassifier()
    mark(BTC, '43000', 0)
    for (const market of [1, 2, 3]) mark(market, '43000', 900)
    index('bybit', 'BTC/USDT index', '430', 900)
    expect(mark(BTC, '430', 1_000)?.findings).toEqual([
      { rule: 'scale', reference: '43000', limit: '10' },
      { rule: 'jump', reference: '43000', limit: '0.1' },
      { rule: 'cross-venue', reference: '43000', limit: '0.03' },
    ])
    for (const market of [1, 2, 3]) mark(market, '430', 1_900)
    expect(rulesOf(mark(BTC, '430', 2_000))).toEqual([])
  })

  it('is a mark a thousand times off all marks of its own, whatever the index says, where no three other venues are fresh', () => {
    const { mark, index } = openClassifier()
    mark(SOL, '100', 0)
    for (let second = 10; second <= 130; second += 10) {
      index('bybit', 'SOL/USDT index', '0.0999', second * 1_000)
      expect(mark(SOL, '0.0999', second * 1_000)?.findings).toEqual([
        { rule: 'scale', reference: '100', limit: '1000' },
      ])
    }
    index('bybit', 'SOL/USDT index', '0.1', 140_000)
    expect(mark(SOL, '0.1', 140_000)).toBeUndefined()
  })

  it.each([
    ['at once', 0],
    ['after it was off the index alone', 2_000],
  ])(
    'of the first mark of a market is told by the others, %s, and when they are silent by what they said',
    (_when, knownMs) => {
      const { mark, index } = openClassifier()
      const first = (atMs: number, indexPrice: string) => {
        index('bybit', 'BTC/USDT index', indexPrice, atMs)
        expect(rulesOf(mark(BTC, '0.00043', atMs))).toContain('scale')
      }
      if (knownMs > 0) first(0, '43000')
      for (const market of [1, 2, 3]) mark(market, '43000', knownMs)
      first(knownMs + 1_000, '0.00043')
      first(knownMs + 10_000, '0.00043')
      expect(rulesOf(mark(BTC, '43010', knownMs + 11_000))).toEqual(['index'])
    },
  )

  it('stays for two minutes of a fault of 10^-8, and every mark is compared with the last accepted one', () => {
    const { mark } = openClassifier()
    mark(BTC, '43000', 0)
    for (let second = 1; second <= 120; second++)
      expect(rulesOf(mark(BTC, '0.00043', second * 1_000))).toContain('scale')
    expect(mark(BTC, '43010', 121_000)).toBeUndefined()
  })

  it('accepts after fifteen minutes what stands still: the venue counts the contract in other units', () => {
    const { mark } = openClassifier()
    mark(SOL, '100', 0)
    for (let minute = 1; minute <= 15; minute++) {
      expect(rulesOf(mark(SOL, '1', minute * 60_000))).toEqual(['scale'])
    }
    expect(mark(SOL, '1', 16 * 60_000)).toBeUndefined()
  })

  it('counts these fifteen minutes from the first mark that is off scale, and anew after one that is not', () => {
    const { mark, index } = openClassifier()
    const at = (minute: number, price: string) => {
      index('bybit', 'SOL/USDT index', '100', minute * 60_000)
      return rulesOf(mark(SOL, price, minute * 60_000))
    }
    at(0, '100')
    for (let minute = 1; minute <= 20; minute++) expect(at(minute, '107')).toEqual(['index'])
    for (let minute = 21; minute <= 35; minute++) expect(at(minute, '1')).toContain('scale')
    expect(at(36, '107')).toEqual(['index'])
    for (let minute = 37; minute <= 51; minute++) expect(at(minute, '1')).toContain('scale')
    expect(at(52, '1')).toEqual(['index'])
  })

  it('does not accept in that way what other prices contradict', () => {
    const { mark } = openClassifier()
    for (let minute = 0; minute <= 20; minute++) {
      for (const market of [1, 2, 3]) mark(market, '1', minute * 60_000)
      expect(rulesOf(mark(BTC, '1.3', minute * 60_000))).toContain('cross-venue')
    }
  })
})

describe('clock', () => {
  it.each([-5_001, 5_001])('doubts a mark whose time is %i ms off its receipt', (skewMs) => {
    const { mark } = openClassifier()
    expect(mark(BTC, '100', 0, skewMs)?.findings).toEqual([
      { rule: 'clock', reference: null, limit: '5000', skewMs },
    ])
    expect(mark(BTC, '100', 1_000, Math.sign(skewMs) * 5_000)).toBeUndefined()
  })
})

describe('the version of the rules', () => {
  it('is that of their terms: another limit has another one', () => {
    expect(integrityRules().version).toBe(integrityRules().version)
    expect(integrityRules().version).toMatch(/^integrity-1-[0-9a-f]{8}$/)
    expect(integrityRules({ scale: '100' }).version).not.toBe(integrityRules().version)
  })
})
