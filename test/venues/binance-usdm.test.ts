import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { instrumentRulesSchema, type RiskTier } from '../../src/domain/index.ts'
import { tieredMaintenanceAt } from '../../src/margin/curve.ts'
import { exactTiers, formatDecimal, parseDecimal } from '../../src/margin/index.ts'
import { USDM_AS_OF, usdmEntriesOf, usdmSymbols } from '../../src/venues/binance-usdm.ts'
import { USDM_HISTORIES } from '../../src/venues/binance-usdm-history.ts'
import { binance } from '../../src/venues/index.ts'
import { tiersOf } from '../support/rules.ts'
import { sharedPath } from '../support/shared.ts'

const book = binance.ruleBook
const symbols = [...usdmSymbols()]
const listed = symbols.filter((symbol) => book.rulesOf(symbol) !== undefined)
const at = (day: string) => Date.parse(day)
const rowsOf = (tiers: readonly RiskTier[]) =>
  tiers.map(({ cap, maintenanceMarginRate, maintenanceDeduction }) =>
    [cap, maintenanceMarginRate, maintenanceDeduction].join(' '),
  )
const rowsAt = (symbol: string, day?: string) =>
  rowsOf(tiersOf(book.rulesOf(symbol, day === undefined ? undefined : at(day))!))

describe('the brackets of Binance USDⓈ-M in time', () => {
  it('hold 894 contracts, of which 808 were listed on the last day', () => {
    expect(symbols).toHaveLength(894)
    expect(new Set(symbols).size).toBe(894)
    expect(listed).toHaveLength(808)
    expect(['币安人生', '我踏马来了', '龙虾'].map((name) => listed.includes(`${name}USDT`))).toEqual([
      ...[true, true, true],
    ])
    expect(USDM_AS_OF).toBe('2026-07-02')
    expect(book.version).toContain(`usdm-${USDM_AS_OF}`)
  })

  it('are whole in every entry, dated, and settle in the currency that the name ends in', () => {
    let entries = 0
    for (const symbol of symbols) {
      let fromMs = 0
      for (const entry of usdmEntriesOf(symbol)) {
        entries++
        expect(entry.fromMs).toBeGreaterThan(fromMs)
        fromMs = entry.fromMs
        const { rules } = entry
        if (rules === null) continue
        expect(at(rules.asOf!)).toBeGreaterThanOrEqual(fromMs)
        expect(symbol.replace(/_\d{6}$/, '').endsWith(rules.settlementAsset)).toBe(true)
        exactTiers(symbol, tiersOf(rules), { firstDeductionZero: true })
      }
      const last = book.rulesOf(symbol)
      if (last === undefined) continue
      expect(instrumentRulesSchema.parse(last)).toEqual(last)
      expect(last.asOf).toBe(USDM_AS_OF)
    }
    expect(entries).toBe(4_666)
  })

  it('are those of the day that is asked for', () => {
    // The crash of 2025-10-10 was judged on the table of 2025-08-21, which gives 150x up to 300,000.
    const rules = book.rulesOf('BTCUSDT', at('2025-10-10'))!
    expect(tiersOf(rules)[0]).toEqual({
      cap: '300000',
      maintenanceMarginRate: '0.004',
      maintenanceDeduction: '0',
      maxLeverage: '150',
    })
    expect(rowsAt('BTCUSDT', '2024-10-24').slice(0, 2)).toEqual(['50000 0.004 0', '600000 0.005 50'])
    expect(book.rulesOf('BTCUSDT', at('2023-01-12'))).toBeUndefined()
    expect(book.rulesOf('BTCUSDT', at('2023-01-13'))).toBeDefined()
  })

  it('end when the venue lists a contract no longer', () => {
    expect(book.rulesOf('ADABUSD', at('2024-02-02'))).toMatchObject({ settlementAsset: 'BUSD' })
    expect([book.rulesOf('ADABUSD', at('2024-02-03')), book.rulesOf('ADABUSD')]).toEqual([
      ...[undefined, undefined],
    ])
  })

  it('are dated by the last copy that had the table', () => {
    expect(book.rulesOf('ADABUSD', at('2023-12-31'))?.asOf).toBe('2023-12-12')
  })

  it('leave out a bracket that holds no notional', () => {
    const rows = rowsAt('DEXEUSDT', '2025-12-01')
    expect(rows.slice(5, 7)).toEqual(['500000 0.125 13875', '7500000 0.25 76375'])
  })

  it('are read when a contract is first asked for, not when the program starts', async () => {
    vi.resetModules()
    const split = vi.spyOn(String.prototype, 'split')
    const isRead = () => split.mock.contexts.some((text) => String(text) === USDM_HISTORIES.trim())
    try {
      const own = await import('../../src/venues/binance-usdm.ts')
      expect(isRead()).toBe(false)
      expect(own.usdmEntriesOf('BTCUSDT')).toHaveLength(9)
      expect(isRead()).toBe(true)
    } finally {
      split.mockRestore()
    }
  })

  it('are shared by the contracts of one table and currency', () => {
    expect(book.rulesOf('AXSUSDT')).toBe(book.rulesOf('ARUSDT'))
  })

  it('settle in their quote currency, and state what a position is asked for', () => {
    const settleOf = (symbol: string) => book.rulesOf(symbol)?.settlementAsset
    expect(
      ['BTCUSDT', 'BTCUSDC', 'BTCUSD1', 'ETHBTC', 'BTCU', 'ETHUSDT_261225', '币安人生USDT'].map(settleOf),
    ).toEqual([...['USDT', 'USDC', 'USD1', 'BTC', 'U', 'USDT', 'USDT']])
    expect(rowsAt('DYDXUSDT').slice(0, 4)).toEqual([
      ...['5000 0.01 0', '10000 0.015 25', '25000 0.02 75', '50000 0.025 200'],
    ])
    expect(rowsAt('BTCSTUSDT').at(-1)).toMatch(/^9223372036854775807 0.5 /)
  })

  it('ask of DYDXUSDT at a notional of 100,000 for more than the brackets of 2024 did', () => {
    const asked = (day?: string) => {
      const rules = book.rulesOf('DYDXUSDT', day === undefined ? undefined : at(day))!
      return formatDecimal(
        tieredMaintenanceAt(exactTiers('DYDXUSDT', tiersOf(rules)), parseDecimal('100000')),
      )
    }
    expect([asked('2024-10-10'), asked()]).toEqual(['2200', '3550'])
  })

  const source = sharedPath('data/binance-usdm-tiers.json')
  const absent = source === undefined ? ' (skipped: ../shared is absent)' : ''
  it.skipIf(source === undefined)(`are the recorded tables of every day, to the digit${absent}`, () => {
    const { tables, history } = JSON.parse(readFileSync(source!, 'utf8')) as {
      tables: readonly (readonly [cap: string, rate: string, leverage: number])[][]
      history: Readonly<Record<string, readonly (readonly [day: string, table: number])[]>>
    }
    expect(Object.keys(history).sort()).toEqual([...symbols].sort())
    const textOf = (brackets: readonly (readonly [string, string, string | undefined])[]) =>
      brackets.map((bracket) => bracket.join(' ')).join('\n')
    for (const [symbol, changes] of Object.entries(history)) {
      for (const [day, table] of changes) {
        const rules = book.rulesOf(symbol, at(day))
        const stated = tables[table]?.filter(([cap], index, all) => cap !== all[index - 1]?.[0])
        const found =
          rules && tiersOf(rules).map((t) => [t.cap, t.maintenanceMarginRate, t.maxLeverage] as const)
        const expected = stated?.map(([cap, rate, leverage]) => [cap, rate, String(leverage)] as const)
        if (textOf(found ?? []) !== textOf(expected ?? [])) expect([symbol, day, found]).toEqual(expected)
      }
    }
  })

  const continuity = sharedPath('golden/tiers_binance_continuity.jsonl')
  const suffix = continuity === undefined ? ' (skipped: no goldens beside the project)' : ''
  it.skipIf(continuity === undefined)(`of October 2024 are those of the golden table${suffix}`, () => {
    const lines = readFileSync(continuity!, 'utf8').trim().split('\n')
    for (const line of lines) {
      const { id, symbol, maintenanceMarginRate, maintenanceAmount, extra } = JSON.parse(line)
      const tiers = tiersOf(book.rulesOf(symbol, at('2024-10-24'))!)
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
})
