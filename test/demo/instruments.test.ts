import { describe, expect, it } from 'vitest'
import { DEMO_INSTRUMENTS, demoRules } from '../../src/demo/exchange/instruments.ts'
import { instrumentRulesMapSchema, symbolSchema } from '../../src/domain/index.ts'
import { tiersOf } from '../support/rules.ts'

describe('the demo instruments', () => {
  it('are 60: 24 and 6 on Bybit, 24 and 6 on Binance', () => {
    const counts = new Map<string, number>()
    for (const { streamId } of DEMO_INSTRUMENTS) counts.set(streamId, (counts.get(streamId) ?? 0) + 1)
    expect(Object.fromEntries(counts)).toEqual({
      'bybit-linear': 24,
      'bybit-inverse': 6,
      'binance-usdm': 24,
      'binance-coinm': 6,
    })
  })

  it('have valid symbols that are unique on their venue', () => {
    const keys = DEMO_INSTRUMENTS.map(({ venue, symbol }) => `${venue}:${symbolSchema.parse(symbol)}`)
    expect(new Set(keys).size).toBe(60)
  })

  it('have rules that pass the schema of a rules file', () => {
    const rules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = Object.fromEntries(demoRules())
    for (const venue of ['bybit', 'binance']) {
      expect(instrumentRulesMapSchema.parse(rules[venue])).toEqual(rules[venue])
      expect(Object.keys(rules[venue]!)).toHaveLength(30)
    }
    expect(rules.binance?.BTCUSD_PERP).toMatchObject({
      contribution: 'inverse',
      multiplier: '100',
      settlementAsset: 'BTC',
    })
    expect(rules.binance?.ETHUSD_PERP).toMatchObject({ multiplier: '10', settlementAsset: 'ETH' })
    expect(rules.bybit?.BTCUSD).toMatchObject({
      contribution: 'inverse',
      multiplier: '1',
      takerFeeRate: '0.00055',
    })
  })

  it('have tiers that ascend and obey the deduction recurrence exactly', () => {
    const units = (text: string): bigint => {
      const [whole, fraction = ''] = text.split('.')
      return BigInt(whole! + fraction.padEnd(8, '0'))
    }
    for (const rules of [...demoRules().values()].flatMap((map) => Object.values(map))) {
      const tiers = tiersOf(rules)
      expect(tiers[0]!.maintenanceDeduction).toBe('0')
      tiers.slice(1).forEach((tier, index) => {
        const previous = tiers[index]!
        expect(units(tier.cap)).toBeGreaterThan(units(previous.cap))
        const step = units(tier.maintenanceMarginRate) - units(previous.maintenanceMarginRate)
        expect(units(tier.maintenanceDeduction) * 10n ** 8n).toBe(
          units(previous.maintenanceDeduction) * 10n ** 8n + units(previous.cap) * step,
        )
      })
    }
  })
})
