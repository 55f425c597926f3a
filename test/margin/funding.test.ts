import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { marginAccountsOf, marginStateOf, positionAnswersOf } from '../../src/margin/index.ts'
import { cross, isolated, rateRules } from '../golden/golden-case.ts'
import { parsedAccount } from '../support/accounts.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { BINANCE, bookOf } from './support.ts'

const LINEAR = rateRules('0.01')
const INVERSE = rateRules('0.01', { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC' })

function accountsOf(rules: object, account: object) {
  const parsed = instrumentRulesSchema.parse(rules)
  const unit: [string, string] = ['9999999999', '1']
  const book = {
    ...bookOf(BINANCE, { X: parsed, Y: parsed }),
    collateralOf: () => ({
      tiers: [{ cap: unit[0], ratio: unit[1] }],
      basis: 'coin' as const,
      discounts: 'equity' as const,
      liabilityRatio: '1',
      liabilityMaintenanceRate: '0',
    }),
  }
  return marginAccountsOf(parsedAccount(account as never), book)
}

interface Prices {
  readonly mark?: string
  readonly rate?: string
}

function fundingsOf(rules: object, account: object, { mark, rate }: Prices) {
  const further = { fundingRateOf: () => rate, indexPriceOf: () => '2' }
  return accountsOf(rules, account)
    .flatMap((marginAccount) => positionAnswersOf(marginAccount, () => mark, further))
    .map(({ funding }) => funding)
}

/** The liquidation price of the first position, as the state prints it. */
function priceOf(rules: object, account: object, mark: string): string | null {
  const [marginAccount] = accountsOf(rules, account)
  return marginStateOf(marginAccount!, () => mark, RATIO_RULE).positions[0]!.liquidationPrice
}

describe('the next funding of a position', () => {
  it.each([
    ['a long pays', '10', '0.001', '-0.98'],
    ['a short receives', '-10', '0.001', '0.98'],
    ['a long receives while the rate is below zero', '10', '-0.001', '0.98'],
    ['nobody pays at a rate of zero', '10', '0', '0'],
  ])('%s: size %s at a rate of %s gets %s', (_, size, rate, payment) => {
    const account = (margin: string) => isolated(size, '100', { isolatedMargin: margin })
    const [funding] = fundingsOf(LINEAR, account('100'), { mark: '98', rate })
    expect(funding!.payment).toBe(payment)
    const after = String((10_000 + 100 * Number(payment)) / 100)
    expect(funding!.liquidationPriceAfter).toBe(priceOf(LINEAR, account(after), '98'))
  })

  it('is in coin of an inverse contract, on its value at the mark', () => {
    const account = (amount: string) => cross('BTC', amount, '1000', '50000')
    const [funding] = fundingsOf(INVERSE, account('0.5'), { mark: '40000', rate: '0.0001' })
    // 1,000 contracts of 100 dollars at 40,000 are 2.5 BTC.
    expect(funding!.payment).toBe('-0.00025')
    expect(funding!.liquidationPriceAfter).toBe(priceOf(INVERSE, account('0.49975'), '40000'))
  })

  it('of both legs of a hedge moves the line of both', () => {
    const position = { symbol: 'X', marginMode: 'cross', entryPrice: '100' }
    const positions = [
      { ...position, size: '10' },
      { ...position, size: '-4' },
    ]
    const account = (amount: string) => ({ collateral: [{ asset: 'USDT', amount }], positions })
    const fundings = fundingsOf(LINEAR, account('100'), { mark: '100', rate: '0.01' })
    const after = priceOf(LINEAR, account('94'), '100')
    expect(fundings).toEqual([
      { payment: '-10', liquidationPriceAfter: after },
      { payment: '4', liquidationPriceAfter: after },
    ])
  })

  it('of another symbol of the account is not counted in the line of this one', () => {
    const positions = ['X', 'Y'].map((symbol) => ({
      symbol,
      marginMode: 'cross',
      size: '1',
      entryPrice: '100',
    }))
    const account = (amount: string) => ({ collateral: [{ asset: 'USDT', amount }], positions })
    const fundings = fundingsOf(LINEAR, account('50'), { mark: '100', rate: '0.01' })
    const after = priceOf(LINEAR, account('49'), '100')
    expect(fundings.map((funding) => funding!.liquidationPriceAfter)).toEqual([after, after])
  })

  it('comes in the settlement asset of a pool over several currencies', () => {
    const account = (amount: string) => ({
      pool: { currency: 'USD' },
      collateral: [{ asset: 'USDT', amount }],
      positions: [{ symbol: 'X', marginMode: 'cross', size: '10', entryPrice: '100' }],
    })
    const [funding] = fundingsOf(LINEAR, account('100'), { mark: '98', rate: '0.001' })
    const [marginAccount] = accountsOf(LINEAR, account('99.02'))
    const state = marginStateOf(marginAccount!, () => '98', RATIO_RULE, { indexPriceOf: () => '2' })
    expect(funding).toEqual({
      payment: '-0.98',
      liquidationPriceAfter: state.positions[0]!.liquidationPrice,
    })
  })

  it('is null without a rate and without a mark; its line is null where no price liquidates', () => {
    const account = isolated('1', '100', { isolatedMargin: '200' })
    expect(fundingsOf(LINEAR, account, { mark: '98' })).toEqual([null])
    expect(fundingsOf(LINEAR, account, { rate: '0.001' })).toEqual([null])
    expect(fundingsOf(LINEAR, account, { mark: '98', rate: '0.001' })).toEqual([
      { payment: '-0.098', liquidationPriceAfter: null },
    ])
  })
})
