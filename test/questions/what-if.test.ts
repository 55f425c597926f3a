import { describe, expect, it } from 'vitest'
import { type Account, collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import {
  type LevelRule,
  levelRule,
  marginAccountsOf,
  marginStateOf,
  parseDecimal,
  toFloat,
} from '../../src/margin/index.ts'
import { type Move, type PresentPrices, parseMove, whatIf } from '../../src/questions/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { BINANCE, bookOf, oneTier } from '../margin/support.ts'
import { crossPosition, isolatedLong, longAt100, makeAccount, parsedAccount } from '../support/accounts.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { booksOf, randomAccount, randomMarkets } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const RULE = RATIO_RULE
const BY_DISTANCE = levelRule()
const BOOK = bookOf(BINANCE, { AUSDT: oneTier('0.01'), BUSDT: oneTier('0.02') })

function presentOf(marks: Record<string, string>, more: Partial<PresentPrices> = {}): PresentPrices {
  const none = new Map()
  return {
    marks: new Map(Object.entries(marks)),
    marksByVenue: none,
    indexPrices: none,
    fundingRates: none,
    isFromEntry: false,
    ...more,
  }
}

function ask(
  accounts: Iterable<Account>,
  moves: string,
  present: PresentPrices,
  book: RuleBook = BOOK,
  rule: LevelRule = RULE,
) {
  const read = new Map<string, Move>(moves === '' ? [] : moves.split(' ').map(parseMove))
  return whatIf({ accounts, bookOf: () => book, present, moves: read, rule, limit: 1_000 })
}

/** A long position of 10 at 100: at a mark of 90 it needs 9 of maintenance margin. */
const longWith = (id: string, isolatedMargin: string) =>
  isolatedLong(id, { symbol: 'AUSDT', size: '10', entryPrice: '100', isolatedMargin })

describe('what-if', () => {
  it.each([
    ['ratio', RULE],
    ['distance', BY_DISTANCE],
  ])('judges every account as its state at the moved marks, with levels by %s', (_, rule) => {
    const random = seededRandom(testSeed(20_261_129))
    const markets = randomMarkets(random, 6)
    const books = booksOf(markets)
    const accounts = Array.from({ length: 300 }, (_, index) => randomAccount(random, `a${index}`, markets))
    const marks = Object.fromEntries(
      markets.map(({ symbol, price, decimals }) => [symbol, price.toFixed(decimals)]),
    )
    const [first] = markets
    const moves = new Map([parseMove(`${first!.symbol}=-20%`), parseMove('*=7.5%')])
    const question = { accounts, bookOf: (venue: string) => books[venue]!, moves, rule, limit: 1e6 }
    const answer = whatIf({ ...question, present: presentOf(marks) })
    const markOf = (symbol: string) => {
      const [n, d] = symbol === first!.symbol ? [8n, 10n] : [1_075n, 1_000n]
      const mark = parseDecimal(marks[symbol]!)
      const digits = 10n ** 18n
      const moved = (mark.n * n * digits) / (mark.d * d)
      return `${moved / digits}.${String(moved % digits).padStart(18, '0')}`
    }
    const states = accounts
      .flatMap((account) => marginAccountsOf(account, books[account.venue]!))
      .map((marginAccount) => marginStateOf(marginAccount, markOf, rule))
    const wanted = states
      .filter(({ level }) => level !== null)
      .map(({ id, level, shortfall, marginRatio, marginBalance }) => ({
        marginAccount: id,
        level,
        shortfall,
        marginRatio,
        marginBalance,
      }))
    const byId = (left: { marginAccount: string }, right: { marginAccount: string }) =>
      left.marginAccount < right.marginAccount ? -1 : 1
    const given = answer.reached.map(({ marginAccount, level, shortfall, marginRatio, marginBalance }) => ({
      marginAccount,
      level,
      shortfall,
      marginRatio,
      marginBalance,
    }))
    expect(given.sort(byId)).toEqual(wanted.sort(byId))
    expect(wanted.length).toBeGreaterThan(20)
    expect(answer.marginAccounts).toBe(states.length)
    expect(answer.safe).toBe(states.filter(({ verdict }) => verdict === 'safe').length)
  })

  it('finds a hedge that is below its line and, after a fall of 10 %, would be above it', () => {
    const legs = ['10', '-9.99'].map((size) => crossPosition('AUSDT', { size, entryPrice: '60000' }))
    const account = makeAccount({
      id: 'hedge',
      positions: legs,
      collateral: [{ asset: 'USDT', amount: '11990' }],
    })
    const answer = ask([account], '', presentOf({ AUSDT: '60000' }), BOOK, BY_DISTANCE)
    expect(answer.reached.map(({ level, shortfall }) => [level, shortfall])).toEqual([['1', '4']])
    const fallen = ask([account], 'AUSDT=-10%', presentOf({ AUSDT: '60000' }), BOOK, BY_DISTANCE)
    expect(fallen).toMatchObject({ safe: 1, liquidated: 0 })
  })

  it('says who is reached with the level before, the worst first, and the totals of all', () => {
    const accounts = [
      longWith('safe', '500'),
      longWith('mild', '115'),
      longWith('gone', '90'),
      longWith('worst', '50'),
    ]
    const present = presentOf({ AUSDT: '96' })
    const answer = ask(accounts, 'AUSDT=90', present)
    expect(answer).toMatchObject({ marginAccounts: 4, safe: 1, warned: 1, liquidated: 2, unknown: 0 })
    const short = answer.reached.map((one) => [
      one.account,
      one.level,
      one.levelBefore,
      one.shortfall,
      one.notional,
    ])
    expect(short).toEqual([
      ['worst', '1', '0.9', '59', '900'],
      ['gone', '1', '0', '19', '900'],
      ['mild', '0.5', '0', '0', '900'],
    ])
    expect(answer.totals).toEqual([
      { level: '1', settle: 'USDT', marginAccounts: 2, notional: '1800', shortfall: '78' },
      { level: '0.5', settle: 'USDT', marginAccounts: 1, notional: '900', shortfall: '0' },
    ])
  })

  it('judges an account by its own levels, the nearest to the line first, and sums up by level', () => {
    const own = (id: string, margin: string, levels: string[]) => ({
      ...longWith(id, margin),
      levels,
    })
    // At 90: a margin of 115 leaves 15 for 9, a ratio of 0.6, and 0.75 % of a distance.
    const accounts = [
      own('silent', '115', []),
      own('ratio', '115', ['0.2', '0.55']),
      own('higher', '130', ['0.1', '0.2']),
      own('safe', '115', ['0.65']),
      longWith('standard', '115'),
      own('far', '115', ['20%', '1.5%']),
      own('near', '115', ['0.75%']),
      own('gone', '90', ['20%']),
    ]
    const answer = ask(accounts, 'AUSDT=90', presentOf({ AUSDT: '200' }))
    expect(answer.reached.map(({ account, level, levelBefore }) => [account, level, levelBefore])).toEqual([
      ['gone', '1', '0'],
      ['near', '0.75%', '0'],
      ['far', '1.5%', '0'],
      ['ratio', '0.55', '0'],
      ['standard', '0.5', '0'],
      ['higher', '0.2', '0'],
    ])
    expect(answer.totals.map(({ level, marginAccounts }) => [level, marginAccounts])).toEqual([
      ['1', 1],
      ['0.75%', 1],
      ['1.5%', 1],
      ['0.55', 1],
      ['0.5', 1],
      ['0.2', 1],
    ])
    expect(answer).toMatchObject({ marginAccounts: 8, safe: 2, warned: 5, liquidated: 1 })
  })

  it('decides exactly about an account that f64 cannot tell from its level', () => {
    // At 90 a margin of 118 leaves 18, of which 0.5 is the 9 that is asked for.
    const accounts = [longWith('at', '118'), longWith('above', '118.000000000000000001')]
    const { reached, safe } = ask(accounts, 'AUSDT=90', presentOf({}))
    expect(reached.map(({ account, level }) => [account, level])).toEqual([['at', '0.5']])
    expect(safe).toBe(1)
  })

  it('keeps a price above zero that a fall rounds away', () => {
    const present = presentOf({ AUSDT: '0.000000000000000001' })
    const { reached, totals } = ask([longWith('a', '50')], 'AUSDT=-90%', present)
    expect(reached.map(({ account }) => account)).toEqual(['a'])
    expect(totals[0]).toMatchObject({ marginAccounts: 1 })
  })

  it('lists no more than the limit and counts all', () => {
    const accounts = Array.from({ length: 5 }, (_, index) => longWith(`a${index}`, '50'))
    const question = { accounts, bookOf: () => BOOK, present: presentOf({}), rule: RULE, limit: 2 }
    const answer = whatIf({ ...question, moves: new Map([parseMove('AUSDT=90')]) })
    expect(answer.reached).toHaveLength(2)
    expect(answer.totals[0]).toMatchObject({ marginAccounts: 5, shortfall: '295' })
  })

  it('names each price without which accounts are unknown, and judges the others', () => {
    const pair = makeAccount({
      id: 'pair',
      collateral: [{ asset: 'USDT', amount: '100' }],
      positions: [crossPosition('AUSDT'), crossPosition('BUSDT')],
    })
    const answer = ask([pair, longWith('gone', '50')], 'AUSDT=90 BUSDT=-5%', presentOf({}))
    expect(answer).toMatchObject({ unknown: 1, liquidated: 1 })
    expect(answer.reached[0]!.levelBefore).toBeNull()
    expect(answer.missing).toEqual([{ kind: 'mark', venue: pair.venue, name: 'BUSDT', marginAccounts: 1 }])
  })

  it('takes the entry price for a mark that is not stated, where it is asked to', () => {
    const accounts = [longWith('gone', '50')]
    const present = presentOf({}, { isFromEntry: true })
    expect(ask(accounts, 'AUSDT=-10%', present).reached[0]).toMatchObject({ level: '1', levelBefore: '0' })
    expect(ask(accounts, '', present)).toMatchObject({ safe: 1, reached: [] })
  })

  it("prefers a venue's own mark", () => {
    const [account] = [longWith('gone', '50')]
    const marksByVenue = new Map([[account!.venue, new Map([['AUSDT', '100']])]])
    expect(ask([account!], '', presentOf({ AUSDT: '90' }, { marksByVenue })).safe).toBe(1)
    expect(ask([account!], '', presentOf({ AUSDT: '90' })).liquidated).toBe(1)
  })

  it('moves the index price of an asset of a pool by its name', () => {
    const pool = parsedAccount({
      venue: 'binance',
      positions: [],
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '27000' }],
    } as Parameters<typeof parsedAccount>[0])
    const rules = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
    const book: RuleBook = { ...BOOK, collateralOf: (asset) => (asset === 'BTC' ? rules : undefined) }
    const at = (moves: string, price?: string) =>
      ask(
        [pool],
        moves,
        presentOf({}, { indexPrices: new Map(price === undefined ? [] : [['BTC', price]]) }),
        book,
      )
    // 1.05·27,000 is 28,350, which is 30,000 less 5.5 %.
    expect(at('BTC=-5.5%', '30000')).toMatchObject({ liquidated: 1, unheld: [] })
    expect(at('BTC=-5.4%', '30000')).toMatchObject({ liquidated: 0, unknown: 0 })
    const moved = { asset: 'BTC', before: '30000', price: '28350' }
    expect(at('BTC=-5.5%', '30000').indexPrices).toEqual([moved])
    expect(at('*=-5.5%', '30000')).toMatchObject({ liquidated: 1, unheld: [], indexPrices: [moved] })
    expect(at('*=-5.4%', '30000')).toMatchObject({ liquidated: 0 })
    // A move of its own goes before that of every price.
    expect(at('*=-50% BTC=0%', '30000')).toMatchObject({ liquidated: 0, indexPrices: [] })
    expect(at('*=-50% BTC=28350', '30000')).toMatchObject({ liquidated: 1, indexPrices: [moved] })
    expect(at('BTC=28350').indexPrices).toEqual([{ ...moved, before: null }])
    expect(at('*=-50%')).toMatchObject({ unknown: 1, indexPrices: [] })
    expect(at('').missing).toEqual([
      { kind: 'index price', venue: 'binance', name: 'BTC', marginAccounts: 1 },
    ])
  })

  it('moves with * the index price of every coin behind a pool, and of no currency', () => {
    const assets = ['BTC', 'ETH', '1000SATS', 'USDT', 'USDC', 'FDUSD', 'USD1', 'DAI', 'EUR', 'EURI', 'TRY']
    const pool = parsedAccount({
      venue: 'binance',
      positions: [{ symbol: 'AUSDT', marginMode: 'cross', size: '1', entryPrice: '100' }],
      pool: { currency: 'USD' },
      collateral: assets.map((asset) => ({ asset, amount: '1' })),
    } as Parameters<typeof parsedAccount>[0])
    const rules = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
    const book: RuleBook = { ...BOOK, collateralOf: () => rules }
    const present = presentOf({ AUSDT: '100' }, { indexPrices: new Map(assets.map((asset) => [asset, '2'])) })
    const movedBy = (moves: string) =>
      ask([pool], moves, present, book).indexPrices.map(({ asset, price }) => [asset, price])
    expect(movedBy('*=-10%')).toEqual([
      ['1000SATS', '1.8'],
      ['BTC', '1.8'],
      ['ETH', '1.8'],
    ])
    expect(movedBy('*=-10% USDC=-3% ETH=0% AUSDT=50')).toEqual([
      ['1000SATS', '1.8'],
      ['BTC', '1.8'],
      ['USDC', '1.94'],
    ])
    expect(movedBy('AUSDT=-10%')).toEqual([])
  })

  describe('with a contract and a collateral of one name', () => {
    const contract = makeAccount({
      id: 'contract',
      collateral: [{ asset: 'USDT', amount: '5500' }],
      positions: [crossPosition('BTC', { entryPrice: '60000' })],
    })
    const pool = parsedAccount({
      venue: 'binance',
      positions: [],
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '27000' }],
    } as Parameters<typeof parsedAccount>[0])
    const rules = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
    const book = { ...bookOf(BINANCE, { BTC: oneTier('0.01') }), collateralOf: () => rules }
    const present = presentOf({ BTC: '60000' }, { indexPrices: new Map([['BTC', '60000']]) })
    const { venue } = contract
    const mark = { venue, symbol: 'BTC', before: '60000', price: '54000' }
    const indexPrice = { asset: 'BTC', before: '60000', price: '54000' }
    const keptMark = { kind: 'mark', venue, name: 'BTC' }
    const keptIndexPrice = { kind: 'index price', venue: null, name: 'BTC' }

    it.each([
      ['*=-10%', [mark], [indexPrice], []],
      ['BTC=-10%', [mark], [indexPrice], []],
      ['mark:BTC=-10%', [mark], [], []],
      ['index:BTC=54000', [], [indexPrice], []],
      ['*=-10% BTC=0%', [], [], [keptMark, keptIndexPrice]],
      ['*=-10% index:BTC=0%', [mark], [], [keptIndexPrice]],
      ['*=-10% mark:BTC=60000.0', [], [indexPrice], [keptMark]],
      ['BTC=-50% mark:BTC=-10% index:BTC=0%', [mark], [], [keptIndexPrice]],
    ])('%s moves what the answer lists', (moves, marks, indexPrices, kept) => {
      const answer = ask([contract, pool], moves, present, book)
      expect(answer).toMatchObject({ marksMoved: marks.length, marks, indexPrices, kept })
      expect(answer.liquidated).toBe(marks.length)
    })

    it('names a kind of which no account has that price', () => {
      expect(ask([contract], 'index:BTC=-10%', present, book).unheld).toEqual(['index:BTC'])
      expect(ask([pool], 'mark:BTC=-10%', present, book).unheld).toEqual(['mark:BTC'])
      expect(ask([contract], '*=-10% BTC=0%', present, book).unheld).toEqual(['*'])
      expect(ask([], '*=-10%', present, book)).toMatchObject({ marginAccounts: 0, unheld: ['*'] })
    })
  })

  it('lists a mark that follows from entry prices without a figure, and none that is not known', () => {
    const accounts = [longWith('a', '500')]
    const listed = (present: PresentPrices) => ask(accounts, 'AUSDT=-10%', present).marks
    const venue = accounts[0]!.venue
    expect(listed(presentOf({}, { isFromEntry: true }))).toEqual([
      { venue, symbol: 'AUSDT', before: null, price: null },
    ])
    expect(listed(presentOf({}))).toEqual([])
  })

  it('lists the first thousand marks that move, and counts all', () => {
    const symbols = Array.from({ length: 1_200 }, (_, index) => `A${10_000 + index}`)
    const accounts = symbols.map((symbol) => isolatedLong(symbol, { symbol, entryPrice: '100' }))
    const book = bookOf(BINANCE, Object.fromEntries(symbols.map((symbol) => [symbol, oneTier('0.01')])))
    const present = presentOf(Object.fromEntries(symbols.map((symbol) => [symbol, '100'])))
    const { marksMoved, marks } = ask(accounts, '*=1%', present, book)
    expect(marksMoved).toBe(1_200)
    expect(marks.map(({ symbol }) => symbol)).toEqual(symbols.slice(0, 1_000))
  })

  it('names what is moved and held by nobody, and accounts that the rules refuse', () => {
    const odd = longAt100('odd', '10', { symbol: 'CUSDT' })
    const answer = ask([longWith('a', '500'), odd], 'AUSDT=90 XUSDT=5 *=-1%', presentOf({}))
    // The one mark that is held has a move of its own.
    expect(answer).toMatchObject({ unheld: ['XUSDT', '*'], similar: {} })
    expect(answer.refused).toEqual([{ account: 'odd', reason: expect.stringMatching(/CUSDT/) }])
    expect(answer.marginAccounts).toBe(1)
  })
})

describe('a move', () => {
  it.each([
    ['BTCUSDT=55000.5', ['BTCUSDT', { price: '55000.5' }]],
    ['XBT/USD=1', ['XBT/USD', { price: '1' }]],
  ])('%s states a price', (text, move) => {
    expect(parseMove(text)).toEqual(move)
  })

  it.each([
    ['A=-12%', 0.88],
    ['A=+12.5%', 1.125],
    ['*=0%', 1],
    ['A=-99.999%', 0.00001],
  ])('%s multiplies the mark by %d', (text, times) => {
    const [, move] = parseMove(text)
    expect('times' in move && toFloat(move.times)).toBeCloseTo(times, 12)
  })

  it.each(['A', '=5', 'A=', 'A=0', 'A=-5', 'A=1e5', 'A=-100%', 'A=-101%', 'A=%', 'A=x%', '*=5', 'A=--5%'])(
    '%s is refused by name',
    (text) => {
      expect(() => parseMove(text)).toThrow(JSON.stringify(text))
    },
  )
})
