import { describe, expect, it } from 'vitest'
import { createBook, LOAD_BATCH_ACCOUNTS, loadBook } from '../../src/demo/accounts/synthetic-accounts.ts'
import type { DemoInstrument } from '../../src/demo/exchange/instrument.ts'
import {
  DEMO_INSTRUMENTS,
  demoRules,
  instrumentsOf,
  streamsNamed,
} from '../../src/demo/exchange/instruments.ts'
import { createReferee } from '../../src/demo/referee/referee.ts'
import type { Account } from '../../src/domain/index.ts'
import { accountFaultsOf } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { accountSchema, indexFaultsOf, ruleBookOf, symbolFaultsOf } from '../../src/venues/index.ts'

const ACCOUNTS = 2_000
const book = createBook(11, ACCOUNTS, DEMO_INSTRUMENTS)
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => book.account(index))
const positions = accounts.flatMap((account) => account.positions)

/** The demo's judgement of the whole book at the start prices. */
function eventsAtStart(list: readonly Account[], instruments: readonly DemoInstrument[]) {
  const referee = createReferee({ accounts: list, rules: Object.fromEntries(demoRules(instruments)) })
  for (const { venue, symbol, startPrice, markDecimals } of instruments) {
    referee.instant([{ venue, symbol, markPrice: startPrice.toFixed(markDecimals) }])
  }
  return referee.expected()
}

describe('the synthetic book', () => {
  it('re-creates any account from the seed and its index', () => {
    const again = createBook(11, ACCOUNTS, DEMO_INSTRUMENTS)
    expect(again.account(1234)).toEqual(accounts[1234])
    expect(createBook(12, ACCOUNTS, DEMO_INSTRUMENTS).account(1234)).not.toEqual(accounts[1234])
  })

  it('holds three positions an account on average, exactly', () => {
    expect(positions).toHaveLength(3 * ACCOUNTS)
    expect(book.positions).toBe(3 * ACCOUNTS)
  })

  it('passes the schema of stored accounts', () => {
    for (const account of accounts) expect(accountSchema.parse(account)).toEqual(account)
  })

  it('is taken by the rules and the margin modes of its venues', () => {
    const books = new Map(
      [...demoRules(DEMO_INSTRUMENTS)].map(([venue, rules]) => [
        venue,
        withRules(ruleBookOf(venue), rules, 'demo'),
      ]),
    )
    for (const account of accounts) expect(accountFaultsOf(account, books.get(account.venue)!)).toEqual([])
  })

  it('is part isolated and part cross, long and short, linear and inverse, on six venues', () => {
    const share = (matches: (position: (typeof positions)[number]) => boolean) =>
      positions.filter(matches).length / positions.length
    expect(share((position) => position.marginMode === 'isolated')).toBeGreaterThan(0.3)
    expect(share((position) => position.marginMode === 'cross')).toBeGreaterThan(0.3)
    expect(share((position) => position.size.startsWith('-'))).toBeGreaterThan(0.2)
    const inverse = new Set(
      DEMO_INSTRUMENTS.filter(({ kind }) => kind === 'inverse').map(({ symbol }) => symbol),
    )
    expect(share(({ symbol }) => inverse.has(symbol))).toBeGreaterThan(0.1)
    const shareOf = (name: string) => accounts.filter(({ venue }) => venue === name).length / ACCOUNTS
    for (const venue of ['bybit', 'binance']) expect(shareOf(venue)).toBeGreaterThan(0.3)
    for (const venue of ['okx', 'kraken', 'deribit', 'bitmex']) expect(shareOf(venue)).toBeGreaterThan(0.01)
    expect(new Set(positions.map((position) => position.symbol)).size).toBeGreaterThan(30)
  })

  it('has leverages from 2 to 100, mostly low, and sizes over several orders of magnitude', () => {
    const leverages = positions.map((position) => Number(position.leverage)).sort((a, b) => a - b)
    expect(leverages[0]).toBe(2)
    expect(leverages.at(-1)).toBe(100)
    expect(leverages[leverages.length >> 1]).toBeLessThanOrEqual(10)
    const bitcoin = positions
      .filter((position) => position.symbol === 'BTCUSDT')
      .map((position) => Math.abs(Number(position.size)))
    expect(Math.max(...bitcoin) / Math.min(...bitcoin)).toBeGreaterThan(1_000)
  })

  it('gives every isolated position a leverage or a margin, some of them no stated margin', () => {
    const isolated = positions.filter((position) => position.marginMode === 'isolated')
    expect(isolated.every((position) => position.leverage !== undefined)).toBe(true)
    expect(isolated.some((position) => position.isolatedMargin === undefined)).toBe(true)
    expect(isolated.some((position) => position.isolatedMargin !== undefined)).toBe(true)
  })

  it('never holds one symbol twice, but for hedges inside the cross pool', () => {
    for (const account of accounts) {
      const isolated = account.positions.filter((position) => position.marginMode === 'isolated')
      const others = (symbol: string) => account.positions.filter((position) => position.symbol === symbol)
      for (const position of isolated) expect(others(position.symbol)).toHaveLength(1)
    }
    expect(accounts.some((a) => new Set(a.positions.map((p) => p.symbol)).size < a.positions.length)).toBe(
      true,
    )
  })

  it('starts with every account below all levels but the few that are near their line', () => {
    const events = eventsAtStart(accounts, DEMO_INSTRUMENTS)
    expect(events.length).toBeLessThan(ACCOUNTS / 40)
    expect(events.filter(({ level }) => level !== '10%').length).toBeLessThan(ACCOUNTS / 40)
    expect(events.filter(({ kind }) => kind === 'liquidation')).toEqual([])
  })

  it('draws a sample from every part of the book, without repeats', () => {
    const sample = book.sample(500)
    expect(new Set(sample).size).toBe(500)
    sample.forEach((index, part) => void expect(Math.floor(index / (ACCOUNTS / 500))).toBe(part))
    expect(book.sample(10 * ACCOUNTS)).toHaveLength(ACCOUNTS)
  })

  it('is stored completely, in bounded batches', async () => {
    const stored: string[] = []
    const progress: number[] = []
    await loadBook(
      book,
      async (batch) => {
        expect(batch.length).toBeLessThanOrEqual(LOAD_BATCH_ACCOUNTS)
        await Promise.resolve()
        stored.push(...batch.map((account) => account.id))
      },
      (count) => progress.push(count),
    )
    expect(stored.toSorted()).toEqual(accounts.map((account) => account.id))
    expect(progress.at(-1)).toBe(ACCOUNTS)
  })

  it('reports a failing store', async () => {
    await expect(loadBook(book, () => Promise.reject(new Error('full')))).rejects.toThrow('full')
  })
})

describe.each(streamsNamed(['all']))('a book of %s alone', (stream) => {
  const SIZE = 1_000
  const instruments = instrumentsOf([stream])
  const { venue } = instruments[0]!
  const own = createBook(7, SIZE, instruments)
  const list = Array.from({ length: SIZE }, (_, index) => own.account(index))

  it('holds all of its contracts, and accounts that its rules and streams take', () => {
    const rules = demoRules(instruments).get(venue)!
    const ruleBook = withRules(ruleBookOf(venue), rules, 'demo')
    for (const account of list) {
      expect(accountSchema.parse(account)).toEqual(account)
      expect(accountFaultsOf(account, ruleBook)).toEqual([])
      expect([...symbolFaultsOf(account), ...indexFaultsOf(account, ruleBook)]).toEqual([])
    }
    const held = new Set(list.flatMap((account) => account.positions.map(({ symbol }) => symbol)))
    expect([...held].sort()).toEqual(instruments.map(({ symbol }) => symbol).sort())
  })

  it('starts with every account below all levels but the few that are near their line', () => {
    const events = eventsAtStart(list, instruments)
    expect(events.length).toBeGreaterThan(0)
    expect(events.length).toBeLessThan(SIZE / 25)
    expect(events.filter(({ kind }) => kind === 'liquidation')).toEqual([])
  })
})
