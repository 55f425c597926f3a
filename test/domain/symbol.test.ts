import { describe, expect, it } from 'vitest'
import { assetSchema, SYMBOL_LENGTH_MAX, symbolSchema } from '../../src/domain/index.ts'
import { isSymbol } from '../../src/venues/frame.ts'

const taken = (symbol: string) => [symbolSchema.safeParse(symbol).success, isSymbol(symbol)]

describe('a symbol', () => {
  it.each([
    ...['BTCUSDT', '1000PEPEUSDT', 'BTC-26DEC25', 'BTCUSD_PERP', 'BTC-26DEC25-90000-C', 'PF_XBTUSD'],
    ...[
      '币安人生USDT',
      'kPEPE',
      'xyz:TSLA',
      'XBT/USD',
      'BTC.P',
      '@107',
      'BTC_USDC-PERPETUAL',
      'Ωμέγα',
      'क्षUSDT',
    ],
    'X'.repeat(SYMBOL_LENGTH_MAX),
  ])('of any venue is taken: %s', (symbol) => {
    expect(taken(symbol)).toEqual([true, true])
  })

  it.each([
    ...['', ' ', 'BTC USDT', ' BTCUSDT', 'BTC|USDT', 'BTC\tUSDT', 'BTC\nUSDT', 'BTCUSDT\n', '\u001b[2JBTC'],
    ...[
      'BTC\u202eUSDT',
      'BTC\u00a0USDT',
      'BTC\u200bUSDT',
      '-BTC',
      '__proto__',
      'BTC"',
      'BTC\\',
      'BTC%3A',
      '🚀USDT',
    ],
    'X'.repeat(SYMBOL_LENGTH_MAX + 1),
    '币'.repeat(SYMBOL_LENGTH_MAX + 1),
  ])('is refused that cannot be a name: %j', (symbol) => {
    expect(taken(symbol)).toEqual([false, false])
  })
})

it.each([
  ['USDT', true],
  ['U', true],
  ['币安人生', true],
  ['usdt', false],
  ['', false],
  ['US DT', false],
])('the asset code %j: %s', (asset, isTaken) => {
  expect(assetSchema.safeParse(asset).success).toBe(isTaken)
})

it.each([
  ['XBt', '; did you mean XBT? Its amounts are in whole coins'],
  ['us dt', ''],
])('the asset code %j in small letters is answered with "%s"', (asset, suggestion) => {
  expect(assetSchema.safeParse(asset).error?.issues).toMatchObject([
    { message: `must be an asset code in capitals${suggestion}` },
  ])
})
