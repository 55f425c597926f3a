import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { formatDecimal, marginAccountsOf, shortfallAtExitOf } from '../../src/margin/index.ts'
import { cross, isolated, rateRules } from '../golden/golden-case.ts'
import { parsedAccount } from '../support/accounts.ts'
import { BINANCE, bookOf } from './support.ts'

const FEE = { takerFeeRate: '0.001' }
const LINEAR = rateRules('0.01', FEE)
const INVERSE = rateRules('0.01', {
  ...FEE,
  contribution: 'inverse',
  multiplier: '100',
  settlementAsset: 'BTC',
})
const OPTION = {
  contribution: 'option',
  settlementAsset: 'BTC',
  maintenance: {
    kind: 'option-standard',
    maintenanceRate: '0.075',
    initialRate: '0.15',
    initialRateMin: '0.1',
  },
  option: { type: 'call', strike: '100000', underlying: 'U', pricedIn: 'coin' },
}

function shortfallOf(
  rules: object,
  account: object,
  exitPrices: Readonly<Record<string, string>>,
  { indexPrices = {}, marks = {} }: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): string | null {
  const parsed = instrumentRulesSchema.parse(rules)
  const book = {
    ...bookOf(BINANCE, { X: parsed, Y: parsed }),
    collateralOf: () => ({
      tiers: [{ cap: '9999999999', ratio: '0.5' }],
      basis: 'coin' as const,
      discounts: 'equity' as const,
      liabilityRatio: '1',
      liabilityMaintenanceRate: '0',
    }),
  }
  const [marginAccount] = marginAccountsOf(parsedAccount(account as never), book)
  const further = { indexPriceOf: (asset: string) => indexPrices[asset] }
  const prices = {
    exitPriceOf: (symbol: string) => exitPrices[symbol],
    markOf: (symbol: string) => marks[symbol],
  }
  const shortfall = shortfallAtExitOf(marginAccount!, prices, further)
  return shortfall === undefined ? null : formatDecimal(shortfall)
}

describe('what the insurance fund pays if positions are closed at exit prices', () => {
  const WALLET = cross('USDT', '100', '10', '100')
  const MARGIN = isolated('10', '100', { isolatedMargin: '100' })

  it.each([
    // 100 + 10·(85 − 100) − 0.1 % of 850
    ['a wallet', WALLET, '85', '50.85'],
    ['the margin of an isolated position', MARGIN, '85', '50.85'],
    ['a wallet that pays for it', WALLET, '95', '0'],
    ['a wallet at the price at which nothing is left but the fee', WALLET, '90', '0.9'],
    ['the margin of a short', isolated('-10', '100', { isolatedMargin: '100' }), '115', '51.15'],
  ])('beyond %s: %j at %s is %s', (_, account, exitPrice, shortfall) => {
    expect(shortfallOf(LINEAR, account, { X: exitPrice })).toBe(shortfall)
  })

  it('is in coin of an inverse contract', () => {
    // 0.5 + 100,000·(1/50,000 − 1/40,000) − 0.1 % of 2.5
    expect(shortfallOf(INVERSE, cross('BTC', '0.5', '1000', '50000'), { X: '40000' })).toBe('0.0025')
  })

  it('counts the whole value of a short option, whose premium is in the wallet', () => {
    expect(shortfallOf(OPTION, cross('BTC', '0.05', '-1', '0.05'), { X: '0.08' })).toBe('0.03')
    expect(shortfallOf(OPTION, cross('BTC', '0.05', '1', '0.05'), { X: '0.08' })).toBe('0')
  })

  describe('of options, whose fee is a share of the underlying for each contract, and at most a share of the option', () => {
    const fee = (terms: object) => ({
      ...OPTION,
      takerFeeRate: '0.0003',
      option: { ...OPTION.option, takerFeeCap: '0.125', ...terms },
    })

    // Deribit, "Fees": 0.0003 BTC a contract, but 0.0000125 BTC where the option is traded at 0.0001.
    it.each([
      ['the fee for each of ten contracts', '0.1', '-10', '0.01', '0.003'],
      ['the fee of one contract', '0.1', '-1', '0.2', '0.1003'],
      ['an eighth of the price, which is less', '0', '-1', '0.0001', '0.0001125'],
      ['the fee of an option that is sold, from a wallet below zero', '-0.3', '1', '0.2', '0.1003'],
    ])('in coin: %s', (_, wallet, size, exitPrice, shortfall) => {
      expect(shortfallOf(fee({}), cross('BTC', wallet, size, '0.05'), { X: exitPrice })).toBe(shortfall)
    })

    const QUOTE = { type: 'put', pricedIn: 'quote' }
    const SHORT_PUT = cross('BTC', '1000', '-1', '50')

    it('in quote currency: at the exit price of the underlying, else at its mark, and null without either', () => {
      // 1,000 − 3,000 − 0.03 % of 59,000
      expect(shortfallOf(fee(QUOTE), SHORT_PUT, { X: '3000' }, { marks: { U: '59000' } })).toBe('2017.7')
      expect(shortfallOf(fee(QUOTE), SHORT_PUT, { X: '3000', U: '58000' }, { marks: { U: '59000' } })).toBe(
        '2017.4',
      )
      expect(shortfallOf(fee(QUOTE), SHORT_PUT, { X: '3000' })).toBeNull()
    })

    it('without a cap in the rules: the whole share of the underlying', () => {
      const rules = fee({ takerFeeCap: undefined })
      expect(shortfallOf(rules, cross('BTC', '0', '-1', '0.05'), { X: '0.0001' })).toBe('0.0004')
    })
  })

  const positions = ['X', 'Y'].map((symbol) => ({
    symbol,
    marginMode: 'cross',
    size: '10',
    entryPrice: '100',
  }))

  it('sets the gain of one position against the loss of another', () => {
    const account = { collateral: [{ asset: 'USDT', amount: '100' }], positions }
    // 100 − 300 + 100 − 0.1 % of 700 and of 1,100
    expect(shortfallOf(LINEAR, account, { X: '70', Y: '110' })).toBe('101.8')
  })

  it('of a pool is in its currency: assets less debts without weights, and what positions pay', () => {
    const account = {
      pool: { currency: 'USD' },
      collateral: [
        { asset: 'USD', amount: '50' },
        { asset: 'BTC', amount: '1' },
      ],
      liabilities: [{ asset: 'ETH', amount: '3' }],
      positions: positions.slice(0, 1),
    }
    const indexPrices = { BTC: '100', ETH: '20', USDT: '2' }
    // 50 + 100 − 3·20 + 2·(10·(90 − 100) − 0.9)
    expect(shortfallOf(LINEAR, account, { X: '90' }, { indexPrices })).toBe('111.8')
    expect(shortfallOf(LINEAR, account, { X: '90' }, { indexPrices: { BTC: '100', ETH: '20' } })).toBeNull()
    expect(shortfallOf(LINEAR, account, { X: '90' }, { indexPrices: { ETH: '20', USDT: '2' } })).toBeNull()
  })

  it('is null while an exit price is missing', () => {
    const account = { collateral: [{ asset: 'USDT', amount: '100' }], positions }
    expect(shortfallOf(LINEAR, account, { X: '70' })).toBeNull()
  })
})
