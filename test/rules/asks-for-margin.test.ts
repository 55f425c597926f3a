import { describe, expect, it } from 'vitest'
import { type InstrumentRules, instrumentRulesSchema } from '../../src/domain/index.ts'
import { entriesOrFault } from '../../src/rules/entries.ts'
import { checkInstrument } from '../../src/rules/index.ts'
import { oneTier } from '../margin/support.ts'

const tier = (maintenanceMarginRate: string, cap = '1000') => ({ cap, maintenanceMarginRate })
const OPTION = { kind: 'option-standard', initialRate: '0.15', initialRateMin: '0' } as const
const TERMS = { type: 'put', strike: '1', underlying: 'U', pricedIn: 'quote' } as const

const ZERO_RATES: [string, string, Partial<InstrumentRules>][] = [
  ['tiers[0].maintenanceMarginRate', '0.000', oneTier('0.000')],
  [
    'tiers[0].maintenanceMarginRate',
    '0/5',
    { maintenance: { kind: 'whole-tiers', basis: 'contracts', tiers: [tier('0/5'), tier('0.01', '2000')] } },
  ],
  ['maintenance.base', '0', { maintenance: { kind: 'size-rate', base: '0', increment: '0.1' } }],
  ['maintenance.amount', '0', { maintenance: { kind: 'per-contract', amount: '0' } }],
  ['maintenance.short', '0', { maintenance: { kind: 'side-rates', long: '0.1', short: '0' } }],
  ['maintenance.initialRate', '0', { maintenance: { kind: 'initial-share', initialRate: '0', share: '1' } }],
  ['maintenance.share', '0', { maintenance: { kind: 'initial-share', initialRate: '1', share: '0' } }],
  [
    'maintenance.maintenanceRate',
    '0',
    { contribution: 'option', option: TERMS, maintenance: { ...OPTION, maintenanceRate: '0' } },
  ],
  ['maintenanceShare', '0', { maintenanceShare: '0' }],
]

describe('rules of a venue that ask for no maintenance margin', () => {
  it.each(ZERO_RATES)('are refused at %s, with value and rule: %s', (path, value, stated) => {
    const rules = { ...oneTier('0.01'), ...stated }
    expect(() => checkInstrument('X', rules, { firstDeductionZero: true })).toThrow(
      expect.objectContaining({
        code: 'RULES_INVALID',
        path,
        message: `${path} of X is ${value}, more than zero is expected, since the venue would ask for no maintenance margin`,
      }),
    )
  })

  it('refuse the symbol of a rules file, by name', () => {
    const short = { kind: 'linear', settle: 'USDT', tiers: [{ ...tier('0'), maintenanceDeduction: '0' }] }
    expect(entriesOrFault('FOOUSDT', short, 'rules.json')).toContain(
      'tiers[0].maintenanceMarginRate of FOOUSDT is 0, more than zero',
    )
  })

  it('may stand in a line of the calculator, where a user asks what would be', () => {
    const rules = instrumentRulesSchema.parse(oneTier('0'))
    expect(() => checkInstrument('X', rules)).not.toThrow()
  })

  it('are taken where a rate that may be 0 is 0', () => {
    const maintenance = { kind: 'size-rate', base: '0.02', increment: '0' } as const
    expect(() =>
      checkInstrument('X', { ...oneTier('0.01'), maintenance }, { firstDeductionZero: true }),
    ).not.toThrow()
  })
})

describe('rules of a venue that ask for more than a position can hold', () => {
  const check = (tiers: object[]) => {
    const maintenance = { kind: 'whole-tiers', basis: 'contracts', tiers } as InstrumentRules['maintenance']
    return () => checkInstrument('X', { ...oneTier('0.01'), maintenance }, { firstDeductionZero: true })
  }

  it.each([
    ['1', {}, 'a fraction below 1 is expected'],
    ['1/1', {}, 'a fraction below 1 is expected'],
    ['0.02', { maxLeverage: '50' }, 'which is not below 1/50, the initial margin rate of its leverage'],
    ['0.5', { maxLeverage: '10' }, 'which is not below 1/10, the initial margin rate of its leverage'],
  ])('are refused at the rate %s of %o', (rate, more, rule) => {
    const path = 'tiers[1].maintenanceMarginRate'
    const message = `${path} of X is ${rate}, ${rule}`
    expect(check([tier('0.01'), { ...tier(rate, '2000'), ...more }])).toThrow(
      expect.objectContaining({ code: 'RULES_INVALID', path, message }),
    )
  })

  it('are taken below that', () => {
    expect(check([tier('0.01'), { ...tier('0.0199', '2000'), maxLeverage: '50' }])).not.toThrow()
    expect(check([tier('0.99')])).not.toThrow()
  })

  it('may stand in a line of the calculator', () => {
    expect(() => checkInstrument('X', oneTier('1'))).not.toThrow()
  })
})
