import { expect, it } from 'vitest'
import type { FrameSink } from '../../src/domain/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { DEAF_SINK, read } from './record.ts'

const snapshot = (symbol: string) =>
  JSON.stringify({ topic: `tickers.${symbol}`, type: 'snapshot', data: { symbol, markPrice: '1' }, ts: 1 })

it('a parser remembers 4,096 markets; frames of further ones are ignored, those of known ones are not', () => {
  const parser = sourceOf('bybit-linear').createParser()
  for (let index = 0; index < 4_096; index++) {
    expect(read(parser, snapshot(`S${index}USDT`)).kind).toBe('ticks')
  }
  expect(read(parser, snapshot('ONEMOREUSDT'))).toEqual({ kind: 'ignored', ticks: [], unchanged: [] })
  expect(read(parser, snapshot('S7USDT')).kind).toBe('ticks')
})

it('options are read like any ticker, although they have no sequence', () => {
  const parser = sourceOf('bybit-linear').createParser()
  expect(read(parser, snapshot('BTC-28JUN24-60000-P')).ticks).toHaveLength(1)
  const delta = snapshot('BTC-28JUN24-60000-P').replace('snapshot', 'delta')
  expect(read(parser, delta).ticks).toHaveLength(1)
})

it('the funding that a mark carries is one object a market, so that a tick allocates none', () => {
  const parser = sourceOf('bybit-linear').createParser()
  const seen = new Set<object>()
  const sink: FrameSink = {
    ...DEAF_SINK,
    price: (_kind, _symbol, _price, _time, funding) => void (funding && seen.add(funding)),
  }
  for (let count = 0; count < 10; count++) parser.parse(snapshot('BTCUSDT'), sink)
  expect(seen.size).toBe(1)
})
