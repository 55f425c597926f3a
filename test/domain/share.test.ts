import { describe, expect, it } from 'vitest'
import { collateralRulesSchema, positionSchema } from '../../src/domain/index.ts'

const POSITION = { symbol: 'BTCUSDT', marginMode: 'cross', size: '1', entryPrice: '1' }

describe('a share of at most 1', () => {
  it.each(['0', '0.5', '1', '1.000', '1/30', '7/7'])('takes %s', (rate) => {
    expect(positionSchema.parse({ ...POSITION, maintenanceMarginRate: rate })).toMatchObject({
      maintenanceMarginRate: rate,
    })
  })

  it.each(['1.000000000000000001', '2', '95', '8/7', '1/0', '-0.1', '1e-2', '', '1/2/3', 0.5])(
    'refuses %j',
    (rate) => {
      expect(positionSchema.safeParse({ ...POSITION, maintenanceMarginRate: rate }).success).toBe(false)
      expect(collateralRulesSchema.safeParse({ tiers: [{ cap: '1', ratio: rate }] }).success).toBe(false)
    },
  )
})

describe('the greatest leverage of a position', () => {
  it('is at least 1', () => {
    const of = (maxLeverage: string) => positionSchema.safeParse({ ...POSITION, maxLeverage }).success
    expect(['1', '50', '1.5', '0.99', '0', '10'].map(of)).toEqual([true, true, true, false, false, true])
  })
})
