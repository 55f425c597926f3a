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
  indexPrices: Readonly<Record<string, string>> = {},
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
  const shortfall = shortfallAtExitOf(marginAccount!, (symbol) => exitPrices[symbol], further)
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
    expect(shortfallOf(LINEAR, account, { X: '90' }, indexPrices)).toBe('111.8')
    expect(shortfallOf(LINEAR, account, { X: '90' }, { BTC: '100', ETH: '20' })).toBeNull()
    expect(shortfallOf(LINEAR, account, { X: '90' }, { ETH: '20', USDT: '2' })).toBeNull()
  })

  it('is null while an exit price is missing', () => {
    const account = { collateral: [{ asset: 'USDT', amount: '100' }], positions }
    expect(shortfallOf(LINEAR, account, { X: '70' })).toBeNull()
  })
})
