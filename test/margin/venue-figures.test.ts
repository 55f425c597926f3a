import { describe, expect, it } from 'vitest'
import { type CollateralRules, instrumentRulesSchema, type MarginDefaults } from '../../src/domain/index.ts'
import { answersOf, marginAccountsOf, positionAnswersOf } from '../../src/margin/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { differenceOf, productOf } from '../golden/fractions.ts'
import { cross, isolated, rateRules } from '../golden/golden-case.ts'
import { agrees, expectPrinted } from '../golden/support.ts'
import { SAMPLE_MARK } from '../golden/venues/okx.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf, stateOf } from './support.ts'

function defaultsOf(venue: string): MarginDefaults {
  return VENUES.find(({ id }) => id === venue)!.ruleBook.defaults
}

interface Case {
  readonly defaults: MarginDefaults
  readonly rules?: object
  readonly account: object
  readonly mark?: string
  readonly indexPrices?: Readonly<Record<string, string>>
  readonly fundingRate?: string
}

/** The answers of the only margin account, whose positions are in X. */
function answersFor({ defaults, rules, account, mark, indexPrices = {}, fundingRate }: Case) {
  const asItIs: CollateralRules = {
    tiers: [{ cap: '999999999', ratio: '0.5' }],
    basis: 'coin',
    discounts: 'equity',
    liabilityRatio: '1',
    liabilityMaintenanceRate: '0',
  }
  const book = {
    ...bookOf(defaults, rules === undefined ? {} : { X: instrumentRulesSchema.parse(rules) }),
    collateralOf: () => asItIs,
  }
  const [marginAccount, ...others] = marginAccountsOf(parsedAccount(account as never), book)
  expect(others).toEqual([])
  const further = {
    fundingRateOf: () => fundingRate,
    indexPriceOf: (asset: string) => indexPrices[asset],
  }
  const markOf = () => mark
  const [position] = positionAnswersOf(marginAccount!, markOf, further)
  return { ...answersOf(marginAccount!, markOf, further), position }
}

const CROSS = {
  collateral: [{ asset: 'USDT', amount: '100' }],
  positions: [{ symbol: 'X', marginMode: 'cross', size: '10', entryPrice: '100' }],
}
const ISOLATED = isolated('10', '100', { isolatedMargin: '100' })

describe('the ratio as the venue prints it', () => {
  // The margin balance is 100 + 10·(98 − 100), the maintenance margin 1 % of 980.
  it.each([
    ['binance', 'cross', '0.1225'],
    ['binance', 'isolated', '0.1225'],
    ['bybit', 'cross', '0.1225'],
    ['bybit', 'isolated', null],
    ['deribit', 'cross', '0.1225'],
    ['hyperliquid', 'cross', '0.1225'],
    ['hyperliquid', 'isolated', null],
    ['okx', 'cross', '8.1632653061'],
    ['okx', 'isolated', '8.1632653061'],
    ['bitmex', 'cross', null],
    ['kraken', 'cross', null],
    ['coinbase', 'cross', null],
    ['cme', 'cross', null],
    ['dydx', 'cross', null],
  ])('%s prints of an account in %s margin: %s', (venue, mode, ratio) => {
    const account = mode === 'cross' ? CROSS : ISOLATED
    const rules = rateRules('0.01')
    const { venueMarginRatio } = answersFor({ defaults: defaultsOf(venue), rules, account, mark: '98' })
    expect(agrees(venueMarginRatio, ratio), `${venueMarginRatio}`).toBe(true)
  })

  it('is null without a margin balance to divide by, and while a mark is missing', () => {
    const of = (mark?: string) => {
      const given = { defaults: defaultsOf('binance'), rules: rateRules('0.01'), account: CROSS }
      return answersFor(mark === undefined ? given : { ...given, mark }).venueMarginRatio
    }
    expect([of('90'), of('89'), of()]).toEqual([null, null, null])
  })

  it('is assets over debts without weights of spot margin on Binance', () => {
    const account = {
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '27000' }],
    }
    const indexPrices = { BTC: '30000' }
    const of = (stated: object) =>
      answersFor({ defaults: defaultsOf('binance'), account: stated, indexPrices }).venueMarginRatio
    expectPrinted(of(account), '1.1111')
    const inCoin = {
      pool: { currency: 'BTC', kind: 'spot-margin', liquidationLevel: '1.1' },
      collateral: [{ asset: 'BTC', amount: '6.82728457' }],
      liabilities: [{ asset: 'BTC', amount: '0.58633215' }],
    }
    expectPrinted(of(inCoin), '11.644056')
  })

  it('is the ratio of the rule book of a pool that holds no position', () => {
    const account = {
      pool: { currency: 'USDT' },
      collateral: [{ asset: 'USDT', amount: '1000' }],
      liabilities: [{ asset: 'USDT', amount: '100' }],
    }
    expect(answersFor({ defaults: defaultsOf('binance'), account }).venueMarginRatio).toBe('0')
    expect(answersFor({ defaults: defaultsOf('okx'), account }).venueMarginRatio).toBeNull()
  })

  // Kraken's support page on margin level, and TradeBalance of its documents.
  it.each([
    ['5000', '-0.2', '50000', '5', '50000', '250'],
    ['5000', '-0.2', '50000', '5', '65200', '75.15'],
    ['392.2264', '1', '21.1062', '3', '11.0830', '5432.57'],
  ])('is equity over used margin in per cent of spot margin on Kraken: %s behind %s at %s', (...line) => {
    const [amount, size, entryPrice, leverage, mark, printed] = line
    const account = {
      collateral: [{ asset: 'USDT', amount }],
      positions: [{ symbol: 'X', marginMode: 'cross', size, entryPrice, leverage }],
    }
    const rules = rateRules('0', { maintenance: { kind: 'used-margin', share: '0.4' } })
    expectPrinted(
      answersFor({ defaults: defaultsOf('kraken'), rules, account, mark }).venueMarginRatio,
      printed,
    )
  })
})

describe('the liquidation price as the venue prints it', () => {
  const OKX = rateRules('0.008', {
    contribution: 'inverse',
    multiplier: '10',
    settlementAsset: 'ETH',
    closingFee: 'at-mark',
    takerFeeRate: '0.0005',
  })
  const account = isolated('1', '2566.31', { isolatedMargin: '0.0003896645377994' })

  it('is one tick before the line at OKX for an isolated position: the sample of its documents, with its ratio', () => {
    const rules = { ...OKX, tickSize: '0.01' }
    const given = { defaults: defaultsOf('okx'), rules, account, mark: SAMPLE_MARK }
    const { position, venueMarginRatio } = answersFor(given)
    expectPrinted(position!.venueLiquidationPrice, '2352.8496681818')
    expectPrinted(venueMarginRatio, '11.731726509588')
  })

  it('is the line itself at OKX for a cross position: the sample of a signal bot in its documents', () => {
    const rules = rateRules('0.008', {
      multiplier: '0.01',
      closingFee: 'at-mark',
      takerFeeRate: '0.0005',
      tickSize: '0.01',
    })
    // The balance follows from the printed mgnRatio, 11.719278420807477.
    const balance = differenceOf(productOf('11.719278420807477', '2.02002075'), '-2.0115')
    const account = cross('USDT', balance, '15', '1597.74', { leverage: '10' })
    const given = { defaults: defaultsOf('okx'), rules, account, mark: '1584.33' }
    const { position, venueMarginRatio } = answersFor(given)
    expectPrinted(venueMarginRatio, '11.719278420807')
    expectPrinted(position!.venueLiquidationPrice, '1438.7380360728')
  })

  it('is the next tick before the line at BitMEX: position rows of the venue, long and short', () => {
    const rowOf = (
      more: object,
      size: string,
      entryPrice: string,
      margin: object,
      mark: string,
      fundingRate: string,
    ) =>
      answersFor({
        defaults: defaultsOf('bitmex'),
        rules: rateRules('0.01', {
          maintenancePrice: 'entry',
          fundingInMaintenance: true,
          closingFee: 'at-cost',
          takerFeeRate: '0.00075',
          ...more,
        }),
        account: isolated(size, entryPrice, margin as Record<string, string>),
        mark,
        fundingRate,
      }).position!.venueLiquidationPrice
    const linear = {
      multiplier: '0.00001',
      rounding: { unit: '0.000001', per: 'lot', lotSize: '1000' },
      tickSize: '0.05',
    }
    expect(rowOf(linear, '2000', '1963', { leverage: '3' }, '1964.195', '0.0001')).toBe('1328.5')
    const inverse = {
      contribution: 'inverse',
      settlementAsset: 'XBT',
      maintenance: {
        kind: 'whole-tiers',
        basis: 'contracts',
        tiers: [{ cap: '999999', maintenanceMarginRate: '0.005' }],
      },
      rounding: { unit: '0.00000001', per: 'lot', lotSize: '1' },
      tickSize: '0.5',
    }
    const margin = { leverage: '10', isolatedMargin: '0.00059161' }
    expect(rowOf(inverse, '-20', '3349.5', margin, '3608.44', '-0.00375')).toBe('3678.5')
  })

  it('is null without a tick, without a mark, without a price on the line, and where the venue does not say how it rounds', () => {
    const ticked = { ...OKX, tickSize: '0.01' }
    const of = (venue: string, rules: object, stated: object, mark: string | undefined) =>
      answersFor({
        defaults: defaultsOf(venue),
        rules,
        account: stated,
        ...(mark === undefined ? {} : { mark }),
      }).position!.venueLiquidationPrice
    expect(of('okx', OKX, account, '2565')).toBeNull()
    expect(of('okx', ticked, account, undefined)).toBeNull()
    expect(
      of('okx', rateRules('0.01', { tickSize: '0.1' }), isolated('1', '10', { isolatedMargin: '11' }), '10'),
    ).toBeNull()
    expect(of('bybit', ticked, account, '2565')).toBeNull()
  })
})

/** Under rules of 1 % with a fee of 0.055 %. */
function bybitStateOf(account: object, mark: string, more: object = {}) {
  const fee = { closingFee: 'at-bankruptcy-price', takerFeeRate: '0.00055' }
  const X = instrumentRulesSchema.parse(rateRules('0.01', { ...fee, ...more }))
  return stateOf(account as never, bookOf(defaultsOf('bybit'), { X }), { X: mark })
}

describe('a position at Bybit', () => {
  const ENTRY_RULE = { maintenancePrice: 'entry' }

  // Its help centre on the calculation of 2025: cross margins follow the mark; isolated, the initial margin stays at entry.
  it.each([
    ['isolated', {}, '100.495'],
    ['cross', {}, '110.495'],
    ['isolated', ENTRY_RULE, '100.495'],
    ['cross', ENTRY_RULE, '100.495'],
  ] as const)('has its initial margin in %s margin under %j: %s', (mode, more, initialMargin) => {
    const account =
      mode === 'cross'
        ? cross('USDT', '500', '10', '100', { leverage: '10' })
        : isolated('10', '100', { leverage: '10' })
    expect(bybitStateOf(account, '110', more).positions[0]!.initialMargin).toBe(initialMargin)
  })

  // Liquidation price of the older rule: entry ± (initial − maintenance margin + extra margin)/size.
  it.each([
    ['-10', '150.605', '114'],
    ['10', '150.495', '86'],
  ])('of %s with margin %s is liquidated at %s under the older rule', (size, isolatedMargin, price) => {
    const account = isolated(size, '100', { leverage: '10', isolatedMargin })
    expect(bybitStateOf(account, '100', ENTRY_RULE).positions[0]!.liquidationPrice).toBe(price)
  })
})
