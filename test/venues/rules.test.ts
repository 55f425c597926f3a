import { describe, expect, it } from 'vitest'
import { type InstrumentRules, instrumentRulesSchema } from '../../src/domain/index.ts'
import { exactTiers } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { tierTables } from '../../src/rules/tier-table.ts'
import { binance, bybit, parseVenueId, ruleBookOf, VENUES } from '../../src/venues/index.ts'
import { rulesFrom, tiersOf } from '../support/rules.ts'

const HELD: Readonly<Record<string, readonly string[]>> = {
  bybit: ['BTCUSDT', 'BTCUSD'],
  binance: [
    ...[
      'BTCUSDT',
      'ETHUSDT',
      'SOLUSDT',
      'DOGEUSDT',
      '1000PEPEUSDT',
      'BCHUSDT',
      'DOTUSDT',
      'DYDXUSDT',
      'HIVEUSDT',
    ],
    ...['BTCUSDC', 'SOLUSDC', 'BTCUSD_PERP', 'BTCUSD_201225'],
  ],
}
const all = VENUES.flatMap(({ id }) => (HELD[id] ?? []).map((symbol) => ({ id, symbol })))

describe.each(all)('the rules of $symbol at $id', ({ id, symbol }) => {
  const rules = ruleBookOf(id).rulesOf(symbol)!

  it('have the shape of instrument rules and keep the recurrence of the deductions from 0', () => {
    expect(instrumentRulesSchema.parse(rules)).toEqual(rules)
    expect(() => exactTiers(symbol, tiersOf(rules), { firstDeductionZero: true })).not.toThrow()
  })

  it('are the same object at every call', () => {
    expect(ruleBookOf(id).rulesOf(symbol)).toBe(rules)
  })
})

const rowsOf = (rules: InstrumentRules) =>
  tiersOf(rules).map(({ cap, maintenanceMarginRate, maintenanceDeduction }) =>
    [cap, maintenanceMarginRate, maintenanceDeduction].join(' '),
  )

describe('figures of the venues', () => {
  it('Bybit BTCUSDT has 35 tiers; the one of 120 million asks for 10 % less 6,982,000', () => {
    const rules = ruleBookOf(bybit.id).rulesOf('BTCUSDT')!
    expect(rowsOf(rules)).toHaveLength(35)
    expect(rowsOf(rules)).toContain('120000000 0.1 6982000')
    expect(rules).toMatchObject({
      contribution: 'linear',
      multiplier: '1',
      settlementAsset: 'USDT',
      takerFeeRate: '0.00055',
      asOf: '2026-08-05',
    })
  })

  it('Bybit BTCUSD counts contracts of one dollar and limits in coin', () => {
    const rules = ruleBookOf(bybit.id).rulesOf('BTCUSD')!
    expect(rules).toMatchObject({ contribution: 'inverse', multiplier: '1', settlementAsset: 'BTC' })
    expect(rowsOf(rules).slice(0, 3)).toEqual(['150 0.005 0', '300 0.01 0.75', '450 0.015 2.25'])
  })

  it('Binance COIN-M contracts of one pair share its brackets; a contract is 100 dollars of BTC', () => {
    const book = ruleBookOf(binance.id)
    expect(book.rulesOf('BTCUSD_PERP')).toMatchObject({
      contribution: 'inverse',
      multiplier: '100',
      settlementAsset: 'BTC',
    })
    expect(book.rulesOf('BTCUSD_201225')).toBe(book.rulesOf('BTCUSD_PERP'))
  })

  it('Binance DYDXUSDT keeps the odd rate of 16.67 %', () => {
    expect(rowsOf(ruleBookOf(binance.id).rulesOf('DYDXUSDT')!)).toContain('1000000 0.1667 34800')
  })

  it('Bybit counts the closing fee, Binance does not; both liquidate on the line', () => {
    expect(ruleBookOf(bybit.id).defaults).toMatchObject({
      closingFee: 'at-bankruptcy-price',
      liquidation: 'reached',
    })
    expect(ruleBookOf(binance.id).defaults).toMatchObject({ closingFee: 'none', liquidation: 'reached' })
  })
})

describe('a symbol that a book does not hold', () => {
  it.each([
    ['bybit', ['SOLUSDT', 'BTCUSDZ25', 'BTCPERP', 'btcusdt', 'constructor', '']],
    ['binance', ['NOUSDT', 'ETHUSD_PERP', 'BTCUSD', 'BTCUSDT_240628', 'BTCUSDT_', 'BTCUSD_', '__proto__']],
  ] as const)('gets no rules at %s, least of all those of another', (id, symbols) => {
    for (const symbol of symbols) expect(ruleBookOf(parseVenueId(id)).rulesOf(symbol)).toBeUndefined()
  })
})

describe('a table that is wrong', () => {
  it.each([
    ['a deduction off by one', '100 0.01 0\n200 0.02 2', /tiers\[1\].*FOOUSDT/s],
    ['a first deduction above 0', '100 0.01 1', /tiers\[0\]/],
    ['caps that fall', '100 0.01 0\n50 0.02 1', /tiers\[1\]/],
    ['a rate that falls', '100 0.02 0\n200 0.01 0', /tiers\[1\]/],
  ])('is refused at loading with the row named: %s', (_name, text, message) => {
    expect(() => tierTables({ FOOUSDT: { tiers: text } })).toThrow(message)
    expect(() => tierTables({ FOOUSDT: { tiers: text } })).toThrow(
      expect.objectContaining({ code: 'RULES_INVALID' }),
    )
  })
})

describe('rules given at run time', () => {
  const own = rulesFrom({ tiers: [{ cap: '5', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' }] })
  const book = withRules(ruleBookOf(bybit.id), { FOOUSDT: own, BTCUSDT: own }, 'desk-3')

  it('add and replace symbols and leave the others', () => {
    expect(book.rulesOf('FOOUSDT')).toBe(own)
    expect(book.rulesOf('BTCUSDT')).toBe(own)
    expect(book.rulesOf('BTCUSD')).toBe(ruleBookOf(bybit.id).rulesOf('BTCUSD'))
    expect(ruleBookOf(bybit.id).rulesOf('FOOUSDT')).toBeUndefined()
  })

  it('have a version of their own and the margin rules of the venue', () => {
    expect(book).toMatchObject({ venue: 'bybit', version: 'desk-3', defaults: ruleBookOf(bybit.id).defaults })
  })

  it('are refused when their deductions break the recurrence', () => {
    const tiers = [...tiersOf(own), { cap: '9', maintenanceMarginRate: '0.2', maintenanceDeduction: '0.4' }]
    expect(() => withRules(ruleBookOf(bybit.id), { FOOUSDT: rulesFrom({ tiers }) }, 'x')).toThrow(
      expect.objectContaining({ code: 'RULES_INVALID' }),
    )
  })
})
