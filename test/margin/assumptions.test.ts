import { describe, expect, it } from 'vitest'
import type { Position } from '../../src/domain/index.ts'
import { assumptionsUnder, levelRule, marginAccountsOf } from '../../src/margin/index.ts'
import { binance } from '../../src/venues/binance.ts'
import { bitmex } from '../../src/venues/bitmex.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'

const HEDGED =
  'Bybit does not state the maintenance margin of a long and a short in one contract: each is margined in full, which may warn early'

const LONG = crossPosition('BTCUSDT', { size: '1', entryPrice: '60000', leverage: '10' })
const SHORT: Position = { ...LONG, size: '-0.4' }

function assumptionsOf({ id, ruleBook }: typeof bybit, positions: Position[]): string[] {
  const account = makeAccount({ venue: id, collateral: [{ asset: 'USDT', amount: '5000' }], positions })
  return marginAccountsOf(account, ruleBook).flatMap(({ assumptions }) => assumptions)
}

describe('a cross account that is long and short in one contract', () => {
  it('of Bybit shows that the margin of its hedged quantity is assumed, once', () => {
    const ether = { symbol: 'ETHUSDT', entryPrice: '3000' }
    const both = [LONG, SHORT, { ...LONG, ...ether }, { ...SHORT, ...ether }]
    expect(assumptionsOf(bybit, [LONG, SHORT])).toEqual([HEDGED])
    expect(assumptionsOf(bybit, both)).toEqual([HEDGED])
  })

  it('of Binance, which margins each side by its documented formula, assumes nothing', () => {
    expect(assumptionsOf(binance, [LONG, SHORT])).toEqual([])
  })
})

describe('positions that do not hedge one another in one margin account', () => {
  it('assume nothing of a hedge', () => {
    expect(assumptionsOf(bybit, [LONG])).toEqual([])
    expect(assumptionsOf(bybit, [LONG, { ...SHORT, symbol: 'ETHUSDT', entryPrice: '3000' }])).toEqual([])
    const isolated = isolatedPosition('BTCUSDT', { ...SHORT, marginMode: 'isolated', isolatedMargin: '3000' })
    expect(assumptionsOf(bybit, [LONG, isolated])).toEqual([])
  })
})

describe('a position without leverage whose closing fee depends on it', () => {
  const { leverage: _, ...unleveraged } = LONG
  const AT_ENTRY =
    'a position in BTCUSDT states no leverage: its closing fee is that on its value at entry, and that at its bankruptcy price may be more or less'

  it('of Bybit shows at which price the fee of a cross position is assumed, once', () => {
    expect(assumptionsOf(bybit, [unleveraged])).toEqual([AT_ENTRY])
    expect(assumptionsOf(bybit, [unleveraged, { ...unleveraged, size: '-0.4' }])).toEqual([AT_ENTRY, HEDGED])
    expect(
      assumptionsOf(bybit, [{ ...unleveraged, marginMode: 'isolated', isolatedMargin: '7000' }]),
    ).toEqual([])
  })

  it('of BitMEX shows that the initial margin is left out of the value on which the fee is charged', () => {
    const position = crossPosition('XBTUSD', { size: '1000', entryPrice: '60000' })
    const assumed = (leverage: object) => {
      const account = makeAccount({
        venue: bitmex.id,
        collateral: [{ asset: 'XBT', amount: '1' }],
        positions: [{ ...position, ...leverage }],
      })
      const [marginAccount] = marginAccountsOf(account, bitmex.ruleBook)
      return marginAccount!.assumptions.filter((text) => text.includes('leverage'))
    }
    expect(assumed({})).toEqual([
      'a position in XBTUSD states no leverage: its closing fee is that of leverage 1, the most that the venue may count',
    ])
    expect(assumed({ leverage: '10' })).toEqual([])
  })

  it('shows nothing where no fee counts or it costs nothing', () => {
    expect(assumptionsOf(binance, [unleveraged])).toEqual([])
    const rulesOf = (symbol: string) => ({ ...bybit.ruleBook.rulesOf(symbol)!, takerFeeRate: '0' })
    expect(assumptionsOf({ ...bybit, ruleBook: { ...bybit.ruleBook, rulesOf } }, [unleveraged])).toEqual([])
  })
})

describe('an account with an option that is judged by distance', () => {
  const SUPPOSED =
    /^a level by distance raises the mark of a short option .* implied volatility adds is not counted$/
  const DISTANCES = levelRule(['10%'])

  function supposedOf(size: string, rule = DISTANCES): string[] {
    const position = crossPosition('BTC-25DEC26-50000-C', { size, entryPrice: '0.05' })
    const account = makeAccount({
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount: '1' }],
      positions: [position],
    })
    const [marginAccount] = marginAccountsOf(account, deribit.ruleBook)
    return assumptionsUnder(marginAccount!, rule).filter((text) => SUPPOSED.test(text))
  }

  it('shows what its levels suppose of a short option, beside what the rules assume', () => {
    expect(supposedOf('-1')).toHaveLength(1)
    expect(supposedOf('1')).toEqual([])
  })

  it('shows nothing of it where the levels are margin ratios, or the line alone', () => {
    expect(supposedOf('-1', levelRule(['0.5']))).toEqual([])
    expect(supposedOf('-1', levelRule([]))).toEqual([])
  })
})
