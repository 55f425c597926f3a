import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { type InstrumentRules, instrumentRulesSchema, type RiskTier } from '../../src/domain/index.ts'
import { tieredMaintenanceAt } from '../../src/margin/curve.ts'
import { exactTiers, formatDecimal, parseDecimal } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { tierTables } from '../../src/rules/tier-table.ts'
import { USDM_BRACKETS, USDM_BRACKETS_AS_OF } from '../../src/venues/binance-usdm-brackets.ts'
import { binance, bybit, parseVenueId, ruleBookOf, VENUES } from '../../src/venues/index.ts'
import { rulesFrom, tiersOf } from '../support/rules.ts'
import { sharedPath } from '../support/shared.ts'
import { BRACKETS_2024_10 } from './brackets-2024-10.ts'

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
    expect(ruleBookOf(bybit.id).defaults).toEqual({
      closingFee: 'at-bankruptcy-price',
      liquidation: 'reached',
    })
    expect(ruleBookOf(binance.id).defaults).toEqual({ closingFee: 'none', liquidation: 'reached' })
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

const continuity = sharedPath('golden/tiers_binance_continuity.jsonl')
const suffix = continuity === undefined ? ' (skipped: no goldens beside the project)' : ''

it.skipIf(continuity === undefined)(`recorded Binance brackets are those of October 2024${suffix}`, () => {
  const lines = readFileSync(continuity!, 'utf8').trim().split('\n')
  for (const line of lines) {
    const { id, symbol, maintenanceMarginRate, maintenanceAmount, extra } = JSON.parse(line)
    const { tiers } = BRACKETS_2024_10.get(symbol)!
    const index = tiers.findIndex(({ cap }) => cap === extra.notional)
    const [tier, next] = [tiers[index], tiers[index + 1]]
    const figures = [
      tier?.maintenanceMarginRate,
      tier?.maintenanceDeduction,
      next?.maintenanceMarginRate,
      next?.maintenanceDeduction,
    ]
    expect([id, ...figures.map(Number)]).toEqual([
      id,
      ...[maintenanceMarginRate, maintenanceAmount, extra.nextRate, extra.nextAmount].map(Number),
    ])
  }
  expect(lines.length).toBeGreaterThan(20)
})

describe('the built-in brackets of Binance USDⓈ-M', () => {
  const book = ruleBookOf(binance.id)
  const symbols = USDM_BRACKETS.trim()
    .split('\n')
    .flatMap((line) => line.split(' | ')[0]!.split(' '))

  it('are there for every symbol of the list, whole, dated and in a currency that the name ends in', () => {
    expect(symbols).toHaveLength(808)
    expect(new Set(symbols).size).toBe(808)
    for (const symbol of symbols) {
      const rules = book.rulesOf(symbol)!
      expect(instrumentRulesSchema.parse(rules)).toEqual(rules)
      expect(() => exactTiers(symbol, tiersOf(rules), { firstDeductionZero: true })).not.toThrow()
      expect(rules.asOf).toBe(USDM_BRACKETS_AS_OF)
      expect(symbol.replace(/_\d{6}$/, '').endsWith(rules.settlementAsset)).toBe(true)
    }
  })

  it('are read when a contract is first asked for, not when the program starts', async () => {
    vi.resetModules()
    const split = vi.spyOn(String.prototype, 'split')
    const isRead = () => split.mock.contexts.some((text) => String(text) === USDM_BRACKETS.trim())
    try {
      const { usdmRulesOf } = await import('../../src/venues/binance-tiers.ts')
      expect(isRead()).toBe(false)
      expect(usdmRulesOf('BTCUSDT')?.contribution).toBe('linear')
      expect(isRead()).toBe(true)
    } finally {
      split.mockRestore()
    }
  })

  it('settle in their quote currency, and state what a position is asked for', () => {
    const settleOf = (symbol: string) => book.rulesOf(symbol)?.settlementAsset
    expect(
      ['BTCUSDT', 'BTCUSDC', 'BTCUSD1', 'ETHBTC', 'BTCU', 'ETHUSDT_261225', '币安人生USDT'].map(settleOf),
    ).toEqual([...['USDT', 'USDC', 'USD1', 'BTC', 'U', 'USDT', 'USDT']])
    expect(rowsOf(book.rulesOf('DYDXUSDT')!).slice(0, 4)).toEqual([
      ...['5000 0.01 0', '10000 0.015 25', '25000 0.02 75', '50000 0.025 200'],
    ])
    expect(rowsOf(book.rulesOf('BTCSTUSDT')!).at(-1)).toMatch(/^9223372036854775807 0.5 /)
  })

  it('ask of DYDXUSDT at a notional of 100,000 for more than the brackets of 2024 did', () => {
    const asked = (tiers: readonly RiskTier[]) =>
      formatDecimal(tieredMaintenanceAt(exactTiers('DYDXUSDT', tiers), parseDecimal('100000')))
    expect(asked(tiersOf(book.rulesOf('DYDXUSDT')!))).toBe('3550')
    expect(asked(BRACKETS_2024_10.get('DYDXUSDT')!.tiers)).toBe('2200')
  })

  it('are named by the version of the book', () => {
    expect(book.version).toContain(`usdm-${USDM_BRACKETS_AS_OF}`)
  })

  const source = sharedPath('data/binance-usdm-tiers.json')
  const absent = source === undefined ? ' (skipped: ../shared is absent)' : ''
  it.skipIf(source === undefined)(`are the tables of that day, to the digit${absent}`, () => {
    const { tables, history } = JSON.parse(readFileSync(source!, 'utf8')) as {
      tables: readonly (readonly [cap: string, rate: string, leverage: number])[][]
      history: Readonly<Record<string, readonly (readonly [day: string, table: number])[]>>
    }
    const listed = Object.entries(history).flatMap(([symbol, entries]) => {
      const table = tables[entries.filter(([day]) => day <= USDM_BRACKETS_AS_OF).at(-1)?.[1] ?? -1]
      return table === undefined ? [] : [[symbol, table.map(([cap, rate]) => `${cap} ${rate}`)] as const]
    })
    expect(listed.map(([symbol]) => symbol).sort()).toEqual([...symbols].sort())
    for (const [symbol, table] of listed) {
      const tiers = tiersOf(book.rulesOf(symbol)!)
      expect(tiers.map((tier) => `${tier.cap} ${tier.maintenanceMarginRate}`)).toEqual(table)
    }
  })
})
