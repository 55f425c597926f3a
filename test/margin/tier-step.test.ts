import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { marginAccountsOf, parseDecimal, positionAnswersOf, toFloat } from '../../src/margin/index.ts'
import { ruleBookOf, VENUES } from '../../src/venues/index.ts'
import { isolated } from '../golden/golden-case.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf } from './support.ts'

const CAPS = ['500', '1000', '5000']
const RATES = ['0.01', '0.02', '0.03']
const DEDUCTIONS = ['0', '5', '15']

function tiersOf(kind: 'marginal-tiers' | 'whole-tiers', basis: string, more: object = {}) {
  const tiers = CAPS.map((cap, index) => ({
    cap,
    maintenanceMarginRate: RATES[index],
    ...(kind === 'marginal-tiers' ? { maintenanceDeduction: DEDUCTIONS[index] } : {}),
  }))
  return { contribution: 'linear', settlementAsset: 'USDT', maintenance: { kind, basis, tiers }, ...more }
}
const MARGINAL = tiersOf('marginal-tiers', 'notional')
const IN_CONTRACTS = tiersOf('whole-tiers', 'contracts')
const IN_COIN = tiersOf('marginal-tiers', 'coin', { contribution: 'inverse', settlementAsset: 'BTC' })

function reductionOf(venue: string, rules: object, size: string, mark?: string, more = {}): string | null {
  const { defaults } = VENUES.find(({ id }) => id === venue)!.ruleBook
  const account = parsedAccount(isolated(size, '100', { isolatedMargin: '9999', ...more }) as never)
  const [marginAccount] = marginAccountsOf(
    account,
    bookOf(defaults, { X: instrumentRulesSchema.parse(rules) }),
  )
  return positionAnswersOf(marginAccount!, () => mark)[0]!.nextTierReduction
}

describe('the part of a position that the venue closes first', () => {
  it.each([
    ['from the third tier to the cap of the second', 'binance', MARGINAL, '12', '100', '2'],
    ['of a short position, unsigned', 'bybit', MARGINAL, '-12', '100', '2'],
    ['from a cap, which is in the tier below it', 'binance', MARGINAL, '10', '100', '5'],
    ['from above the last cap, which has no end', 'binance', MARGINAL, '100', '100', '90'],
    ['in whole contracts of an inverse position, up', 'binance', IN_COIN, '120001', '100', '20001'],
    ['two tiers at a time at OKX', 'okx', IN_CONTRACTS, '2500', '7', '2000'],
    ['to the next risk limit of BitMEX', 'bitmex', MARGINAL, '12', '100', '2'],
    [
      'of the value at entry where that has the tier',
      'bybit',
      { ...MARGINAL, maintenancePrice: 'entry' },
      '12',
      '10',
      '2',
    ],
  ])('is measured %s', (_, venue, rules, size, mark, reduction) => {
    expect(reductionOf(venue, rules, size, mark)).toBe(reduction)
  })

  it('is rounded up, so that the rest is within the lower tier and with one step less it is not', () => {
    const reduction = Number(reductionOf('binance', MARGINAL, '12', '99.7'))
    const restValue = (closed: number) => (12 - closed) * 99.7
    expect(restValue(reduction)).toBeLessThanOrEqual(1_000)
    expect(restValue(reduction - 0.00000001)).toBeGreaterThan(1_000)
  })

  it.each([
    ['in the lowest tier', 'binance', MARGINAL, '5', {}],
    ['in the second tier at OKX, which takes the whole position', 'okx', IN_CONTRACTS, '1000', {}],
    ['at a venue that closes a share', 'hyperliquid', MARGINAL, '12', {}],
    ['of a position with a rate of its own', 'binance', MARGINAL, '12', { maintenanceMarginRate: '0.05' }],
    [
      'under rules without tiers',
      'binance',
      { ...MARGINAL, maintenance: { kind: 'per-contract', amount: '1' } },
      '12',
      {},
    ],
  ])('is null %s', (_, venue, rules, size, more) => {
    expect(reductionOf(venue, rules, size, '100', more)).toBeNull()
  })

  it('is null while the mark is missing', () => {
    expect(reductionOf('binance', MARGINAL, '12')).toBeNull()
  })

  // bitmex.md §3.4: FillOrKill for the current value less the lower tier limit; 438 XBT are above 350.
  it('of XBTUSD at BitMEX ends at the risk limit below, in whole lots', () => {
    const book = ruleBookOf(VENUES.find(({ id }) => id === 'bitmex')!.id)
    const stated = { symbol: 'XBTUSD', marginMode: 'isolated', entryPrice: '60000', leverage: '10' }
    const reductionAt = (own: object) => {
      const positions = [{ ...stated, size: '26280000', ...own }]
      const [marginAccount] = marginAccountsOf(parsedAccount({ positions } as never), book)
      const further = { fundingRateOf: () => '0.0001' }
      const [answers] = positionAnswersOf(marginAccount!, () => '60000', further)
      return answers!.nextTierReduction
    }
    // A lot of 100 contracts is 166,667 satoshi; 209,999 lots are within 350 XBT, and 210,000 are not.
    expect(reductionAt({})).toBe('5280100')
    // The rate of the tier, and that of a higher risk limit which the user chose; two that the table contradicts.
    expect(reductionAt({ maintenanceMarginRate: '0.015' })).toBe('5280100')
    expect(reductionAt({ maintenanceMarginRate: '0.02' })).toBe('5280100')
    expect(reductionAt({ maintenanceMarginRate: '0.01' })).toBeNull()
    expect(reductionAt({ maintenanceMarginRate: '0.0175' })).toBeNull()
  })

  it('of BTCUSDT at Binance ends at a cap of its table', () => {
    const book = ruleBookOf(VENUES.find(({ id }) => id === 'binance')!.id)
    const { maintenance } = book.rulesOf('BTCUSDT')!
    if (maintenance.kind !== 'marginal-tiers') throw new Error('marginal tiers expected')
    const stated = {
      symbol: 'BTCUSDT',
      marginMode: 'isolated',
      size: '100',
      entryPrice: '60000',
      leverage: '10',
    }
    const [marginAccount] = marginAccountsOf(parsedAccount({ positions: [stated] } as never), book)
    const reduction = positionAnswersOf(marginAccount!, () => '60000')[0]!.nextTierReduction
    const rest = 6_000_000 - 60_000 * toFloat(parseDecimal(reduction!))
    const below = maintenance.tiers.findLast(({ cap }) => Number(cap) < 6_000_000)!
    expect(rest).toBeCloseTo(Number(below.cap), 2)
  })
})
