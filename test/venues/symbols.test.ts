import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { sourceCarrying, sourceOf } from '../../src/venues/index.ts'
import { DEAF_SINK, socketOf } from './record.ts'

/** What the parser of Binance makes of the frame of a stream. */
function heard(stream: string, symbol: string) {
  const ticks: string[] = []
  const frame = JSON.stringify({
    stream,
    data: {
      e: 'markPriceUpdate',
      E: 1_783_000_000_000,
      s: symbol,
      p: '0.1234',
      i: '0.12',
      r: '0.0001',
      T: 1_783_000_800_000,
    },
  })
  const kind = sourceOf('binance-usdm')
    .createParser()
    .parse(frame, {
      ...DEAF_SINK,
      price: (priceKind, name, price) => {
        if (priceKind === 'mark') ticks.push(`${name} ${price}`)
      },
    })
  return { kind, ticks }
}

describe('symbols that are not ASCII capitals', () => {
  it.each(['BTCUSDT', '币安人生USDT', '龙虾USDT', 'ΩUSDT', 'ЖUSDT'])(
    'Binance: the stream that is asked for %s is the one that its mark comes under',
    (symbol) => {
      expect(sourceCarrying(venueId('binance'), symbol)?.id).toBe('binance-usdm')
      const [request] = socketOf('binance-usdm').subscribe([symbol])
      const [name] = (JSON.parse(request!.frame) as { params: string[] }).params
      expect(name).toBe(`${symbol.toLowerCase()}@markPrice@1s`)
      expect(heard(name!, symbol)).toEqual({ kind: 'ticks', ticks: [`${symbol} 0.1234`] })
    },
  )

  it.each([
    ['龙虾usdt@markPrice@1s', '币安人生USDT'],
    ['币安人生usdt@kline_1m', '币安人生USDT'],
    ['币安人生USDT@markPrice@1s', '币安人生USDT'],
    ['btcusdt@markPrice@1s', 'BTCUSD'],
  ])('Binance: a mark under %s is not that of %s', (stream, symbol) => {
    expect(heard(stream, symbol)).toEqual({ kind: 'malformed', ticks: [] })
  })

  it('Bybit: the topic names the symbol as it is', () => {
    const ticks: string[] = []
    const symbol = '币安人生USDT'
    expect(sourceCarrying(venueId('bybit'), symbol)?.id).toBe('bybit-linear')
    const [request] = socketOf('bybit-linear').subscribe([symbol])
    const [topic] = (JSON.parse(request!.frame) as { args: string[] }).args
    const frame = JSON.stringify({
      topic,
      type: 'snapshot',
      ts: 1_783_000_000_000,
      cs: 7,
      data: { symbol, markPrice: '0.5' },
    })
    const sink = {
      ...DEAF_SINK,
      price: (_kind: string, name: string, price: string) => void ticks.push(`${name} ${price}`),
    }
    expect(sourceOf('bybit-linear').createParser().parse(frame, sink)).toBe('ticks')
    expect(ticks).toEqual([`${symbol} 0.5`])
  })

  it.each([
    ['binance', 'kPEPE'],
    ['binance', 'btcusdt'],
    ['binance', 'xyz:TSLA'],
    ['bybit', 'XBT/USD'],
    ['bybit', 'btcusdt'],
  ] as const)('%s: %s is a name of another venue, and no stream carries it', (venue, symbol) => {
    expect(sourceCarrying(venueId(venue), symbol)).toBeUndefined()
  })
})
