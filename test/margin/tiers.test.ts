import { describe, expect, it } from 'vitest'
import { checkTiers, exactTiers, formatDecimal, parseDecimal, tierIndexAt } from '../../src/margin/index.ts'
import { tiersOf } from '../support/rules.ts'
import { oneTier, rulesOf, type TierRow } from './support.ts'

// The first rows of Bybit's BTCUSDT table (API copy of 2026-08-05).
const BTCUSDT: readonly TierRow[] = [
  ['2000000', '0.005', '0'],
  ['2600000', '0.0056', '1200'],
  ['3200000', '0.0063', '3020'],
]

function changed(index: number, column: 0 | 1 | 2, value: string): readonly TierRow[] {
  return BTCUSDT.map((row, at) => (at === index ? (row.with(column, value) as unknown as TierRow) : row))
}

describe('a marginal tier table', () => {
  it('is accepted when every deduction follows the recurrence', () => {
    const tiers = exactTiers('BTCUSDT', tiersOf(rulesOf(BTCUSDT)), { firstDeductionZero: true })
    expect(tiers.map((tier) => formatDecimal(tier.maintenanceDeduction))).toEqual(['0', '1200', '3020'])
  })

  it.each<[number, 0 | 1 | 2, string, string]>([
    [
      2,
      2,
      '3021',
      'tiers[2].maintenanceDeduction of BTCUSDT is 3021, the recurrence deduction before + cap before·(rate − rate before) gives 3020',
    ],
    [1, 2, '1200.000000000000000001', 'gives 1200'],
    [
      1,
      1,
      '0.0049',
      'tiers[1].maintenanceMarginRate of BTCUSDT is 0.0049, it must not be below the rate before it, 0.005',
    ],
    [2, 1, '1.1', 'tiers[2].maintenanceMarginRate of BTCUSDT is 1.1, a fraction of at most 1 is expected'],
    [2, 0, '2600000', 'tiers[2].cap of BTCUSDT is 2600000, it must be above the cap before it, 2600000'],
  ])('is refused with row %s column %s set to %s', (row, column, value, message) => {
    const tiers = tiersOf(rulesOf(changed(row, column, value)))
    expect(() => checkTiers('BTCUSDT', tiers)).toThrow(message)
    expect(() => checkTiers('BTCUSDT', tiers)).toThrow(
      expect.objectContaining({ code: 'RULES_INVALID', path: expect.stringContaining(`tiers[${row}].`) }),
    )
  })

  it('may start anywhere when a user gives a part of one, and only at zero when it is whole', () => {
    const tiers = tiersOf(oneTier('0.1', '135365'))
    expect(() => checkTiers('ETHUSDT', tiers)).not.toThrow()
    expect(() => checkTiers('ETHUSDT', tiers, { firstDeductionZero: true })).toThrow(
      'tiers[0].maintenanceDeduction of ETHUSDT is 135365, the first tier of a whole table must have 0',
    )
  })

  it.each([
    ['0.01', 0],
    ['2000000', 0],
    ['2000000.01', 1],
    ['2600000', 1],
    ['2600000.000000000000000001', 2],
    ['3200000', 2],
    ['999999999999', 2],
  ])(
    'a notional of %s is in tier %s: caps belong to their tier, the last one has none',
    (notional, index) => {
      expect(tierIndexAt(exactTiers('BTCUSDT', tiersOf(rulesOf(BTCUSDT))), parseDecimal(notional))).toBe(
        index,
      )
    },
  )
})
