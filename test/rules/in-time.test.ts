import { describe, expect, it } from 'vitest'
import {
  collateralRulesSchema,
  POOL_KINDS,
  type RuleBook,
  type VenueId,
  venueId,
} from '../../src/domain/index.ts'
import { ENTRIES_MAX, entriesOrFault } from '../../src/rules/entries.ts'
import { bookAt, rulesAt, withCollateralRules, withoutSymbols, withRules } from '../../src/rules/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { RuleBooks } from '../../src/worker/rule-books.ts'
import { rulesFrom } from '../support/rules.ts'

const BYBIT = venueId('bybit')
const BINANCE = venueId('binance')
const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 10, 1)

const stated = (rate: string, effectiveFrom?: string) => ({
  ...(effectiveFrom === undefined ? {} : { effectiveFrom }),
  kind: 'linear',
  settle: 'USDT',
  tiers: [{ cap: '1000', maintenanceMarginRate: rate, maintenanceDeduction: '0' }],
})
const rulesOf = (rate: string) => rulesFrom({ tiers: stated(rate).tiers })
const [OLD, NEW] = [rulesOf('0.01'), rulesOf('0.02')]
const SOURCE = 'rules file test.json'
const ALWAYS = Number.NEGATIVE_INFINITY

describe('rules of a symbol in time', () => {
  it('are those of the last entry that has begun, at its first millisecond too', () => {
    const entries = [
      { fromMs: START_MS, rules: OLD, source: SOURCE },
      { fromMs: START_MS + DAY_MS, rules: NEW, source: SOURCE },
    ]
    const at = (atMs?: number) => rulesAt(entries, atMs)
    expect([at(START_MS - 1), at(START_MS), at(START_MS + DAY_MS - 1), at(START_MS + DAY_MS)]).toEqual([
      ...[undefined, OLD, OLD, NEW],
    ])
    expect(at()).toBe(NEW)
    expect(rulesAt([], START_MS)).toBeUndefined()
  })

  it('are none while the venue does not list the contract', () => {
    const entries = [
      { fromMs: START_MS, rules: OLD, source: SOURCE },
      { fromMs: START_MS + DAY_MS, rules: null, source: SOURCE },
    ]
    expect([rulesAt(entries, START_MS), rulesAt(entries, START_MS + DAY_MS), rulesAt(entries)]).toEqual([
      ...[OLD, undefined, undefined],
    ])
  })

  it('leave the book that they are laid over in force before their first entry', () => {
    const below = ruleBookOf(BYBIT)
    const book = withRules(below, { BTCUSDT: [{ fromMs: START_MS, rules: NEW, source: SOURCE }] }, 'desk')
    expect(book.rulesOf('BTCUSDT', START_MS - 1)).toBe(below.rulesOf('BTCUSDT'))
    expect(book.rulesOf('BTCUSDT', START_MS)).toBe(NEW)
    expect(bookAt(book, START_MS - 1).rulesOf('BTCUSDT')).toBe(below.rulesOf('BTCUSDT'))
    const refusing = withoutSymbols(book, new Map([['ETHUSDT', 'why']]))
    expect(refusing.rulesOf('BTCUSDT', START_MS)).toBe(NEW)
    expect(refusing.rulesOf('ETHUSDT', START_MS)).toBeUndefined()
  })

  it('are checked in every entry', () => {
    const broken = rulesFrom({ tiers: [{ cap: '1', maintenanceMarginRate: '2', maintenanceDeduction: '0' }] })
    const entries = [
      { fromMs: ALWAYS, rules: OLD, source: SOURCE },
      { fromMs: START_MS, rules: broken, source: SOURCE },
    ]
    expect(() => withRules(ruleBookOf(BYBIT), { X: entries }, 'desk')).toThrow(
      'maintenanceMarginRate of X is 2',
    )
  })
})

describe('the list that a rules file gives for a symbol', () => {
  it('is read with the time of each entry, in any offset', () => {
    expect(
      entriesOrFault('X', [stated('0.01'), stated('0.02', '2026-11-01T08:00:00+08:00')], SOURCE),
    ).toEqual([
      { fromMs: ALWAYS, rules: OLD, source: SOURCE },
      { fromMs: START_MS, rules: NEW, source: SOURCE },
    ])
    expect(entriesOrFault('X', stated('0.02', '2026-11-01T00:00:00Z'), SOURCE)).toEqual([
      { fromMs: START_MS, rules: NEW, source: SOURCE },
    ])
  })

  it.each([
    ['an empty list', [], 'the list has 0 entries, 1 to 1000 are expected'],
    ['too long a list', Array(ENTRIES_MAX + 1).fill(stated('0.01')), 'the list has 1,001 entries'],
    [
      'a second entry without a time',
      [stated('0.01'), stated('0.02')],
      'entry 1 of the list: effectiveFrom must be later than that of the entry before it',
    ],
    [
      'a time that repeats',
      [stated('0.01', '2026-11-01T00:00:00Z'), stated('0.02', '2026-11-01T01:00:00+01:00')],
      'entry 1 of the list: effectiveFrom must be later than that of the entry before it',
    ],
    [
      'a day',
      stated('0.01', '2026-11-01'),
      'effectiveFrom is "2026-11-01": must be a time such as 2026-12-01T08:00:00Z',
    ],
    [
      'a bad table in an entry',
      [stated('0.01'), { ...stated('1.1', '2026-11-01T00:00:00Z') }],
      'entry 1 of the list: tiers[0].maintenanceMarginRate of X is 1.1',
    ],
    [
      'a bad time and a bad table',
      { ...stated('1%', 'soon') },
      'effectiveFrom is "soon": must be a time such as 2026-12-01T08:00:00Z; tiers[0].maintenanceMarginRate is "1%"',
    ],
  ])('is refused for %s', (_, value, fault) => {
    expect(entriesOrFault('X', value, SOURCE)).toContain(fault)
  })
})

describe('the rule books of a worker', () => {
  const laid = (rules: Parameters<typeof withRules>[1], version = 'v1') =>
    withRules(ruleBookOf(BYBIT), rules, version)
  const booksWith = (book: RuleBook) =>
    new RuleBooks((venue) => (venue === BYBIT ? book : ruleBookOf(venue)), START_MS)
  const inTime = [
    { fromMs: ALWAYS, rules: OLD, source: SOURCE },
    { fromMs: START_MS + DAY_MS, rules: NEW, source: SOURCE },
  ]

  const change = (symbols: readonly string[], assets: readonly string[] = []) => {
    return { kind: 'rules', venue: BYBIT, symbols, assets }
  }

  it('hold the rules of their time, and say which symbols have others when it advances', () => {
    const books = booksWith(laid({ X: inTime, Y: OLD }))
    const before = books.bookOf(BYBIT)
    expect([before.rulesOf('X'), before.rulesOf('Y')]).toEqual([OLD, OLD])
    expect(books.bookOf(BINANCE).rulesOf('BTCUSDT')).toBeDefined()
    expect(books.advance(START_MS + DAY_MS - 1)).toEqual([])
    expect(books.bookOf(BYBIT)).toBe(before)
    expect(books.advance(START_MS + DAY_MS)).toEqual([change(['X'])])
    const after = books.bookOf(BYBIT)
    expect([after.rulesOf('X'), after.rulesOf('Y')]).toEqual([NEW, OLD])
    expect(books.advance(START_MS + 2 * DAY_MS)).toEqual([])
    expect(after.rulesOf('X', START_MS)).toBe(OLD)
    // What was compiled from the book before can be compiled again.
    expect(before.rulesOf('X')).toBe(OLD)
  })

  it('look at the symbols only when rules of one of them begin or end, whatever the clock does', () => {
    const late = [
      { fromMs: ALWAYS, rules: OLD, source: SOURCE },
      { fromMs: START_MS + DAY_MS, rules: OLD, source: SOURCE },
      { fromMs: START_MS + 3 * DAY_MS, rules: NEW, source: SOURCE },
    ]
    const book = laid({ X: late })
    let looks = 0
    const counting: RuleBook = {
      ...book,
      rulesOf: (symbol, atMs) => {
        looks++
        return book.rulesOf(symbol, atMs)
      },
    }
    const books = booksWith(counting)
    for (const symbol of ['X', 'NOWHERE', 'ELSEWHERE']) books.bookOf(BYBIT).rulesOf(symbol)
    const looksOf = (days: number) => {
      looks = 0
      const changes = books.advance(START_MS + days * DAY_MS)
      return [looks, changes.length]
    }
    expect([0, 0.5, 0.9, 1, 1, 2, 2.9, 3, 3, 9].map(looksOf)).toEqual([
      ...[
        [0, 0],
        [0, 0],
        [0, 0],
        [3, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [3, 1],
        [0, 0],
        [0, 0],
      ],
    ])
    expect([2.9, 2.9, 0, 0].map(looksOf)).toEqual([
      [3, 1],
      [0, 0],
      [3, 0],
      [0, 0],
    ])
  })

  it('name the symbols, of those that were asked for, whose rules differ in a new book', () => {
    const books = booksWith(laid({ SAME: OLD, CHANGED: OLD, GONE: OLD, UNASKED: OLD }))
    for (const symbol of ['SAME', 'CHANGED', 'GONE', 'ADDED', 'NOWHERE']) books.bookOf(BYBIT).rulesOf(symbol)
    const next = laid({ SAME: rulesOf('0.01'), CHANGED: NEW, ADDED: NEW, UNASKED: NEW }, 'v2')
    expect(books.replace(BYBIT, next)).toEqual(change(['CHANGED', 'GONE', 'ADDED']))
    const book = books.bookOf(BYBIT)
    expect(book.version).toBe('v2')
    expect(['CHANGED', 'GONE', 'ADDED', 'NOWHERE', 'UNASKED'].map((symbol) => book.rulesOf(symbol))).toEqual([
      ...[NEW, undefined, NEW, undefined, NEW],
    ])
    // What was compiled from equal rules stays in use.
    expect(book.rulesOf('SAME')).toBe(OLD)
  })

  it('name every symbol with rules if the defaults of the book differ', () => {
    const books = booksWith(laid({ X: OLD }))
    for (const symbol of ['X', 'NOWHERE']) books.bookOf(BYBIT).rulesOf(symbol)
    const next: RuleBook = { ...laid({ X: OLD }), defaults: { closingFee: 'none', liquidation: 'passed' } }
    expect(books.replace(BYBIT, next)).toEqual(change(['X']))
    expect(books.bookOf(BYBIT).defaults.liquidation).toBe('passed')
  })

  it('replace a book at the time that is in force', () => {
    const books = booksWith(laid({ X: OLD }))
    books.bookOf(BYBIT).rulesOf('X')
    expect(books.replace(BYBIT, laid({ X: inTime }))).toBeUndefined()
    expect(books.advance(START_MS + DAY_MS)).toEqual([change(['X'])])
    expect(books.replace(BYBIT, withoutSymbols(laid({}), new Map([['X', 'why']])))).toEqual(change(['X']))
    const book = books.bookOf(BYBIT)
    expect([book.rulesOf('X'), book.refused?.get('X')]).toEqual([undefined, 'why'])
  })

  it('name the assets, of those that were asked for, that count otherwise in a new book', () => {
    const weighing = (ratio: string) => collateralRulesSchema.parse({ tiers: [{ cap: '10', ratio }] })
    const before = withCollateralRules(laid({ X: OLD }), { BTC: weighing('0.9'), ETH: weighing('0.8') })
    const books = booksWith(before)
    const asked = books.bookOf(BYBIT)
    for (const asset of ['BTC', 'ETH', 'SOL', 'XRP']) asked.collateralOf?.(asset, 'multi-asset')
    const after = withCollateralRules(laid({ X: OLD }, 'v2'), {
      BTC: weighing('0.7'),
      ETH: weighing('0.8'),
      SOL: weighing('0.5'),
      ADA: weighing('0.5'),
    })
    expect(books.replace(BYBIT, after)).toEqual(change([], ['BTC', 'SOL']))
    expect(books.bookOf(BYBIT).collateralOf?.('ETH', 'multi-asset')).toBe(
      asked.collateralOf?.('ETH', 'multi-asset'),
    )
    expect(asked.collateralOf?.('BTC', 'multi-asset')).toEqual(weighing('0.9'))
  })

  it('name an asset once that counts otherwise in one kind of pool, or in both', () => {
    const of = (ratio: string, poolKind: 'multi-asset' | 'spot-margin') =>
      collateralRulesSchema.parse({ tiers: [{ cap: '10', ratio }], poolKind })
    const book = (ratios: Record<string, readonly [string, string]>, version?: string) =>
      withCollateralRules(
        laid({ X: OLD }, version),
        Object.fromEntries(
          Object.entries(ratios).map(([asset, [pooled, spot]]) => [
            asset,
            [of(pooled, 'multi-asset'), of(spot, 'spot-margin')],
          ]),
        ),
      )
    const books = booksWith(book({ BTC: ['0.9', '0.7'], ETH: ['0.9', '0.7'], SOL: ['0.9', '0.7'] }))
    const asked = books.bookOf(BYBIT)
    for (const asset of ['BTC', 'ETH', 'SOL'])
      for (const kind of POOL_KINDS) expect(asked.collateralOf?.(asset, kind)?.poolKind).toBe(kind)
    const after = book({ BTC: ['0.9', '0.6'], ETH: ['0.8', '0.6'], SOL: ['0.9', '0.7'] }, 'v2')
    expect(books.replace(BYBIT, after)).toEqual(change([], ['BTC', 'ETH']))
    expect(books.bookOf(BYBIT).collateralOf?.('BTC', 'spot-margin')?.tiers[0]?.ratio).toBe('0.6')
  })

  it('are all taken anew together: of venues whose version differs, and for those that nobody asked for yet', () => {
    const books = booksWith(laid({ X: OLD }))
    const [bybitBefore, binanceBefore] = [books.bookOf(BYBIT), books.bookOf(BINANCE)]
    bybitBefore.rulesOf('X')
    const next = laid({ X: NEW }, 'v2')
    const okx = withRules(ruleBookOf(venueId('okx')), { X: OLD }, 'later')
    const bookOf = (venue: VenueId) =>
      venue === BYBIT ? next : venue === okx.venue ? okx : ruleBookOf(venue)
    expect(books.take(bookOf)).toEqual([change(['X'])])
    expect(books.bookOf(BYBIT).rulesOf('X')).toBe(NEW)
    expect(books.bookOf(BINANCE)).toBe(binanceBefore)
    expect(books.bookOf(venueId('okx')).version).toBe('later')
    expect(books.take(bookOf)).toEqual([])
  })
})
