import { describe, expect, it } from 'vitest'
import type { InstrumentRules } from '../../src/domain/index.ts'
import {
  answersOf,
  checkCollateral,
  checkRules,
  levelRule,
  marginAccountsOf,
  marginStateOf,
} from '../../src/margin/index.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf } from './support.ts'

const RULES: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  takerFeeRate: '0.001',
  settlementAsset: 'USDT',
  maintenance: { kind: 'side-rates', long: '0.01', short: '0.01' },
}

function accountOf(size: string, rules: InstrumentRules) {
  const account = parsedAccount({
    collateral: [{ asset: 'USDT', amount: '100' }],
    positions: [{ symbol: 'X', marginMode: 'cross', size, entryPrice: '100' }],
  })
  return marginAccountsOf(account, bookOf({ closingFee: 'none', liquidation: 'reached' }, { X: rules }))[0]!
}

describe('funding that counts in the maintenance margin', () => {
  const maintenanceOf = (size: string, fundingRate: string, closingFee: InstrumentRules['closingFee']) =>
    marginStateOf(
      accountOf(size, { ...RULES, closingFee, fundingInMaintenance: true }),
      () => '110',
      levelRule(),
      { fundingRateOf: () => fundingRate },
    ).maintenanceMargin

  // 10·110·0.01 = 11; funding 10·100·0.002 = 2 on the value at entry.
  it.each([
    ['none', '13'],
    ['at-mark', '14.1'],
    ['at-bankruptcy-price', '14'],
    // Without leverage the initial margin on which it is charged is the whole value.
    ['at-cost', '15'],
  ] as const)('is asked of the side that pays, with the fee of closing %s', (closingFee, maintenance) => {
    expect(maintenanceOf('10', '0.002', closingFee)).toBe(maintenance)
    expect(maintenanceOf('-10', '-0.002', closingFee)).toBe(maintenance)
  })

  it('is not asked of the side that receives', () => {
    expect(maintenanceOf('-10', '0.002', 'none')).toBe('11')
    expect(maintenanceOf('10', '-0.002', 'none')).toBe('11')
  })
})

describe('an initial margin that is a share of the used margin', () => {
  it('refuses a position without leverage by name, as such a maintenance margin does', () => {
    expect(() => accountOf('10', { ...RULES, initial: { kind: 'used-margin', share: '0.5' } })).toThrow(
      'positions[0].leverage',
    )
  })
})

describe('rates above 1', () => {
  it.each<[string, Partial<InstrumentRules>]>([
    ['initial.rate', { initial: { kind: 'rate', rate: '2' } }],
    ['initial.rate', { initial: { kind: 'open-interest', rate: '2', lowerCap: '1', upperCap: '2' } }],
    ['initial.base', { initial: { kind: 'size-rate', base: '1.5', increment: '0' } }],
    ['initial.share', { initial: { kind: 'used-margin', share: '4/3' } }],
    ['maintenance.share', { maintenance: { kind: 'used-margin', share: '40' } }],
    ['maintenance.long', { maintenance: { kind: 'side-rates', long: '5', short: '0.1' } }],
    ['maintenanceShare', { maintenanceShare: '2' }],
  ])('are refused at %s: a percentage that was given as a fraction', (path, stated) => {
    expect(() => checkRules('X', { ...RULES, ...stated })).toThrow(
      expect.objectContaining({
        code: 'RULES_INVALID',
        path,
        message: expect.stringContaining('a fraction of at most 1 is expected'),
      }),
    )
  })
})

describe('tiers of a collateral', () => {
  const tiersOf = (...tiers: [string, string][]) =>
    ({
      tiers: tiers.map(([cap, ratio]) => ({ cap, ratio })),
      basis: 'coin',
      discounts: 'equity',
      liabilityRatio: '1',
      liabilityMaintenanceRate: '0',
    }) as const

  it('are taken with rising caps and ratios that fall or stay', () => {
    expect(() => checkCollateral('BTC', tiersOf(['1', '0.98'], ['2', '0.98'], ['3', '0']))).not.toThrow()
  })

  it.each([
    [
      'tiers[1].cap',
      [
        ['2', '1'],
        ['2', '0.5'],
      ],
    ],
    [
      'tiers[1].cap',
      [
        ['2', '1'],
        ['1', '0.5'],
      ],
    ],
    [
      'tiers[1].ratio',
      [
        ['1', '0.5'],
        ['2', '0.9'],
      ],
    ],
  ] as [string, [string, string][]][])('are refused at %s otherwise', (path, tiers) => {
    expect(() => checkCollateral('BTC', tiersOf(...tiers))).toThrow(
      expect.objectContaining({ code: 'RULES_INVALID', path }),
    )
  })
})

describe('a part of a table', () => {
  const partial: InstrumentRules = {
    ...RULES,
    maintenance: {
      kind: 'marginal-tiers',
      basis: 'notional',
      tiers: [{ cap: '10000', maintenanceMarginRate: '0.02', maintenanceDeduction: '5' }],
    },
  }

  it('is an assumption of the account, since smaller notionals have tiers that are not known', () => {
    expect(accountOf('10', partial).assumptions).toEqual([
      expect.stringContaining('the tiers of X are a part of a table'),
    ])
    expect(accountOf('10', RULES).assumptions).toEqual([])
  })
})

describe('a margin account on its line at every price', () => {
  const option: InstrumentRules = {
    ...RULES,
    contribution: 'option',
    maintenance: {
      kind: 'option-standard',
      maintenanceRate: '0.075',
      initialRate: '0.15',
      initialRateMin: '0.1',
    },
    option: { type: 'call', strike: '100', underlying: 'U', pricedIn: 'quote' },
  }

  it('refuses a fee of closing in its margin: no venue counts one', () => {
    expect(() => checkRules('X', { ...option, closingFee: 'none' })).not.toThrow()
    expect(() => checkRules('X', { ...option, closingFee: 'at-mark' })).toThrow(
      'closingFee of X is at-mark, no venue counts the fee of closing an option in its margin',
    )
  })

  it('has no liquidation price: long options alone, with an empty wallet', () => {
    const account = parsedAccount({
      collateral: [{ asset: 'USDT', amount: '0' }],
      positions: [{ symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '5' }],
    })
    const book = bookOf({ closingFee: 'none', liquidation: 'passed' }, { X: option })
    const [marginAccount] = marginAccountsOf(account, book)
    const markOf = (symbol: string) => (symbol === 'X' ? '4' : '90')
    const state = marginStateOf(marginAccount!, markOf, levelRule([]))
    expect([state.verdict, state.positions[0]?.liquidationPrice]).toEqual(['safe', null])
    expect(answersOf(marginAccount!, markOf).liquidationPrices).toEqual({ X: { below: null, above: null } })
  })
})

describe('a share of the used margin', () => {
  it('is above zero, since an account without margin has no leverage', () => {
    const maintenance = { kind: 'used-margin', share: '0' } as const
    expect(() => checkRules('X', { ...RULES, maintenance })).toThrow('maintenance.share of X is 0')
    expect(() => checkRules('X', { ...RULES, initial: maintenance })).toThrow('initial.share of X is 0')
  })
})
