import { describe, expect, it } from 'vitest'
import { collateralRulesSchema, type Decimal, type RuleBook, venueId } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { type PresentPrices, parseMove, whatIf } from '../../src/questions/index.ts'
import { venueOf } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'

const FUTURE = 'BTC-25DEC26'
const PUT = `${FUTURE}-60000-P`
const CALL = `${FUTURE}-60000-C`
const DERIBIT = venueId('deribit')
const { ruleBook: BOOK } = venueOf(DERIBIT)

const holding = (btc: Decimal, symbol: string, size: Decimal, entryPrice: Decimal) => ({
  venue: 'deribit',
  collateral: [{ asset: 'BTC', amount: btc }],
  positions: [{ symbol, marginMode: 'cross', size, entryPrice }],
})
const SHORT_PUT = holding('0.5', PUT, '-4', '0.04')
const SHORT_CALL = holding('0.6', CALL, '-4', '0.05')

const MARKS = { [PUT]: '0.04', [CALL]: '0.05', [FUTURE]: '61000', 'BTC-PERPETUAL': '61000' }

type Stated = Partial<PresentPrices> & { readonly book?: RuleBook }

function ask(account: Parameters<typeof parsedAccount>[0], moves: string, stated: Stated = {}) {
  const { safe, warned, liquidated, unknown, missing } = askAll([account], moves, stated)
  const verdict =
    unknown === 1 ? 'unknown' : liquidated === 1 ? 'liquidated' : warned === 1 ? 'warned' : 'safe'
  expect(safe + warned + liquidated + unknown).toBe(1)
  return { verdict, missing }
}

function askAll(
  accounts: readonly Parameters<typeof parsedAccount>[0][],
  moves: string,
  stated: Stated = {},
) {
  const { book = BOOK, ...more } = stated
  const none = new Map()
  const present = {
    marks: new Map(Object.entries(MARKS)),
    marksByVenue: none,
    indexPrices: none,
    fundingRates: none,
    isFromEntry: false,
    ...more,
  }
  // An iterator, as the accounts of a file are: it gives them once.
  return whatIf({
    accounts: accounts.map((account, index) => ({ ...parsedAccount(account), id: `a${index}` })).values(),
    bookOf: (venue) => (venue === DERIBIT ? book : venueOf(venue).ruleBook),
    present,
    moves: new Map(moves === '' ? [] : moves.split(' ').map(parseMove)),
    rule: levelRule(),
    limit: 10,
  })
}

/** A short put beside the perpetual of its coin, in one margin account. */
const BESIDE_PERPETUAL = {
  ...SHORT_PUT,
  positions: [
    ...SHORT_PUT.positions,
    { symbol: 'BTC-PERPETUAL', marginMode: 'cross', size: '-60', entryPrice: '61000' },
  ],
}

const openMark = (name: string) => ({
  kind: 'mark',
  venue: DERIBIT,
  name,
  underlying: FUTURE,
  marginAccounts: 1,
})

describe('what-if of an option', () => {
  it.each([
    ['a fall of every price, of a short put', SHORT_PUT, PUT, '*=-30%'],
    ['a rise of every price, of a short call', SHORT_CALL, CALL, '*=30%'],
    ['a rise of every price, of a short put', SHORT_PUT, PUT, '*=30%'],
    ['a move of its underlying in percent', SHORT_PUT, PUT, `${FUTURE}=-30%`],
    ['a price of its underlying', SHORT_CALL, CALL, `${FUTURE}=90000`],
    ['a move of its underlying beside one of every price', SHORT_PUT, PUT, `*=0% ${FUTURE}=-1%`],
  ])('does not know its mark after %s', (_, account, option, moves) => {
    expect(ask(account, moves)).toEqual({ verdict: 'unknown', missing: [openMark(option)] })
  })

  it('does not take an entry price for a mark that the moves leave open', () => {
    const stated = { marks: new Map([[FUTURE, '61000']]), isFromEntry: true }
    expect(ask(SHORT_PUT, '', stated).verdict).toBe('warned')
    expect(ask(SHORT_PUT, '*=-30%', stated)).toEqual({ verdict: 'unknown', missing: [openMark(PUT)] })
  })

  it('does not know a mark beside a price of an underlying whose present price is not known', () => {
    const marks = new Map([[PUT, '0.04']])
    expect(ask(SHORT_PUT, `${FUTURE}=61000`, { marks })).toEqual({
      verdict: 'unknown',
      missing: [openMark(PUT)],
    })
  })

  it('knows the verdict of an option in coin without the price of its underlying, unless that moves', () => {
    const marks = new Map([[PUT, '0.04']])
    expect(ask(SHORT_PUT, '', { marks })).toEqual({ verdict: 'warned', missing: [] })
    expect(ask(SHORT_PUT, '*=-30%', { marks })).toEqual({ verdict: 'unknown', missing: [openMark(PUT)] })
  })

  // At a mark of 0.41 a short put asks for (0.075 + 0.41)·4 = 1.94 BTC, at one of 0.04 for 0.46; the wallet holds 0.5.
  it.each([
    ['a price of its own', `*=-30% ${PUT}=0.41`, 'liquidated'],
    ['a change of its own', `*=-30% ${PUT}=+925%`, 'liquidated'],
    ['a change of nothing', `*=-30% ${PUT}=0%`, 'warned'],
    ['a price of its own alone', `${PUT}=0.06`, 'liquidated'],
    ['no move at all', '', 'warned'],
    ['moves of nothing', `*=0% ${FUTURE}=61000.0`, 'warned'],
    ['a move of every price but its underlying', `*=-90% ${FUTURE}=0%`, 'warned'],
    ['a move of another contract', 'BTC-PERPETUAL=-30%', 'warned'],
  ])('knows its mark with %s', (_, moves, verdict) => {
    expect(ask(SHORT_PUT, moves)).toEqual({ verdict, missing: [] })
  })

  it('does not know its mark where the index price of its coin moves in a pool', () => {
    const rules = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
    const book: RuleBook = { ...BOOK, collateralOf: () => rules }
    const pool = { ...SHORT_PUT, pool: { currency: 'USD' } }
    const stated = { book, indexPrices: new Map([['BTC', '61000']]) }
    expect(ask(pool, '', stated)).toEqual({ verdict: 'warned', missing: [] })
    expect(ask(pool, 'BTC=-30%', stated)).toEqual({ verdict: 'unknown', missing: [openMark(PUT)] })
    expect(ask(pool, `BTC=-30% ${PUT}=0.41`, stated)).toEqual({ verdict: 'liquidated', missing: [] })
    // What is stated of the underlying goes before what is stated of its coin.
    expect(ask(pool, `*=-30% ${FUTURE}=0%`, stated)).toEqual({ verdict: 'warned', missing: [] })
  })
})

describe('a mark that no option can have', () => {
  const QUOTED = 'BTC_USDC-25DEC26'
  const quoted = (type: 'C' | 'P') => ({
    ...holding('0', `${QUOTED}-60000-${type}`, '-0.1', '900'),
    collateral: [{ asset: 'USDC', amount: '90000' }],
  })
  const QUOTED_MARKS = {
    marks: new Map([
      [QUOTED, '61000'],
      [`${QUOTED}-60000-C`, '2000'],
      [`${QUOTED}-60000-P`, '1000'],
    ]),
  }

  it.each([
    [
      'a call in coin above its coin',
      SHORT_CALL,
      {},
      `${CALL}=1.001`,
      `${CALL} to 1.001: must be at most 1, since`,
    ],
    ['the same by per cent', SHORT_CALL, {}, `${CALL}=+1901%`, `${CALL} to 1.0005: must be at most 1, since`],
    [
      'a put in coin above its strike at the moved underlying',
      SHORT_PUT,
      {},
      `${FUTURE}=100000 ${PUT}=0.61`,
      `${PUT} to 0.61: times 100000 of ${FUTURE} must be at most the strike of 60000, since`,
    ],
    [
      'one that stays while its underlying rises',
      SHORT_PUT,
      {
        marks: new Map([
          [PUT, '0.9'],
          [FUTURE, '61000'],
        ]),
      },
      `${FUTURE}=+10% ${PUT}=0%`,
      `${PUT} to 0.9: times 67100 of`,
    ],
    [
      'a call in dollars above its moved underlying',
      quoted('C'),
      QUOTED_MARKS,
      `${QUOTED}=-50% ${QUOTED}-60000-C=30501`,
      `${QUOTED}-60000-C to 30501: must be at most 30500, the price of ${QUOTED}, since`,
    ],
    [
      'a put in dollars above its strike',
      quoted('P'),
      { marks: new Map([[`${QUOTED}-60000-P`, '1000']]) },
      `${QUOTED}-60000-P=60001`,
      `${QUOTED}-60000-P to 60001: must be at most the strike of 60000, since`,
    ],
  ])('is refused by name: %s', (_, account, stated, moves, message) => {
    const asking = expect(() => ask(account, moves, stated))
    asking.toThrow(expect.objectContaining({ code: 'MARK_INVALID' }))
    asking.toThrow(`a move brings the mark of ${message}`)
  })

  it('is refused where it is stated as the present one', () => {
    expect(() => ask(SHORT_CALL, '', { marks: new Map([[CALL, '3000']]) })).toThrow(
      `the present mark of ${CALL} at deribit is 3000: must be at most 1, since`,
    )
  })

  it.each([
    ['1 of a call in coin', SHORT_CALL, {}, `${CALL}=1`],
    ['the whole strike of a put', SHORT_PUT, {}, `${FUTURE}=120000 ${PUT}=0.5`],
    ['the whole underlying of a call', quoted('C'), QUOTED_MARKS, `${QUOTED}-60000-C=61000`],
    ['the strike of a put in dollars', quoted('P'), QUOTED_MARKS, `${QUOTED}-60000-P=60000`],
    ['a put whose underlying is not known', SHORT_PUT, { marks: new Map([[PUT, '0.04']]) }, `${PUT}=1.5`],
  ])('is not %s', (_, account, stated, moves) => {
    expect(ask(account, moves, stated).verdict).not.toBe('unknown')
  })
})

describe('an option beside another contract of its coin', () => {
  it('is unknown where that contract moves, unless a move states its mark or keeps its underlying', () => {
    const { verdict, missing } = ask(BESIDE_PERPETUAL, 'BTC-PERPETUAL=-50%')
    expect({ verdict, missing }).toEqual({ verdict: 'unknown', missing: [openMark(PUT)] })
    expect(ask(BESIDE_PERPETUAL, `BTC-PERPETUAL=-50% ${PUT}=0.98`).verdict).toBe('liquidated')
    expect(ask(BESIDE_PERPETUAL, `BTC-PERPETUAL=-50% ${FUTURE}=0%`).verdict).not.toBe('unknown')
    expect(ask(BESIDE_PERPETUAL, 'BTC-PERPETUAL=0%').verdict).not.toBe('unknown')
  })
})

describe('an option whose coin moves in another margin account of the book', () => {
  const perpetual = (symbol: string, asset: string) => ({
    venue: 'deribit',
    collateral: [{ asset, amount: '100' }],
    positions: [{ symbol, marginMode: 'cross', size: '1', entryPrice: '61000' }],
  })
  const PERPETUAL = perpetual('BTC-PERPETUAL', 'BTC')
  const marks = new Map([
    ...Object.entries(MARKS),
    ['BTC_USDC-PERPETUAL', '61000'],
    ['ETH-PERPETUAL', '2000'],
  ])
  const left = (accounts: readonly Parameters<typeof parsedAccount>[0][], moves: string) => {
    const { unknown, missing } = askAll(accounts, moves, { marks })
    return { unknown, missing }
  }
  const OPEN = { unknown: 1, missing: [openMark(PUT)] }
  const KNOWN = { unknown: 0, missing: [] }

  it.each([
    ['an account behind it', [SHORT_PUT, PERPETUAL], 'BTC-PERPETUAL=-50%'],
    ['an account before it', [PERPETUAL, SHORT_PUT], 'BTC-PERPETUAL=40000'],
    [
      'another margin account of its own account',
      [
        {
          ...SHORT_PUT,
          separateWallets: true,
          collateral: [...SHORT_PUT.collateral, { asset: 'USDC', amount: '90000' }],
          positions: [
            ...SHORT_PUT.positions,
            { symbol: 'BTC_USDC-PERPETUAL', marginMode: 'cross', size: '0.1', entryPrice: '61000' },
          ],
        },
      ],
      'mark:BTC_USDC-PERPETUAL=-50%',
    ],
  ])('has no mark: %s', (_, accounts, moves) => {
    expect(left(accounts, moves)).toEqual(OPEN)
  })

  it.each([
    ['a move of its own states it', [SHORT_PUT, PERPETUAL], `BTC-PERPETUAL=-50% ${PUT}=0.9`],
    ['a move keeps its underlying', [SHORT_PUT, PERPETUAL], `BTC-PERPETUAL=-50% ${FUTURE}=0%`],
    ['the contract stays where it is', [SHORT_PUT, PERPETUAL], 'BTC-PERPETUAL=61000'],
    ['nobody holds the contract', [SHORT_PUT], 'BTC-PERPETUAL=-50%'],
    [
      'it was closed',
      [SHORT_PUT, { ...PERPETUAL, positions: [{ ...PERPETUAL.positions[0]!, size: '0' }] }],
      'BTC-PERPETUAL=-50%',
    ],
    ['the contract is of another coin', [SHORT_PUT, perpetual('ETH-PERPETUAL', 'ETH')], 'ETH-PERPETUAL=-50%'],
    [
      'the contract is of another venue',
      [
        SHORT_PUT,
        {
          venue: 'bybit',
          collateral: [{ asset: 'USDT', amount: '90000' }],
          positions: [{ symbol: 'BTCUSDT', marginMode: 'cross', size: '1', entryPrice: '61000' }],
        },
      ],
      'BTCUSDT=61000',
    ],
  ])('has its mark where %s', (_, accounts, moves) => {
    expect(left(accounts, moves)).toEqual(KNOWN)
  })

  it('has no mark where the index price of the coin moves in a pool', () => {
    const rules = collateralRulesSchema.parse({ tiers: [{ cap: '999999999', ratio: '1' }] })
    const pool = { venue: 'deribit', pool: { currency: 'USD' }, collateral: [{ asset: 'BTC', amount: '1' }] }
    const pooled = {
      ...pool,
      collateral: [...pool.collateral, { asset: 'USDC', amount: '900' }],
      positions: [{ symbol: 'ETH_USDC-PERPETUAL', marginMode: 'cross', size: '0.1', entryPrice: '2000' }],
    }
    const stated = {
      book: { ...BOOK, collateralOf: () => rules },
      marks: new Map([...marks, ['ETH_USDC-PERPETUAL', '2000']]),
      indexPrices: new Map([
        ['BTC', '61000'],
        ['USDC', '1'],
      ]),
    }
    const of = (moves: string) => {
      const { unknown, missing } = askAll([SHORT_PUT, pooled], moves, stated)
      return { unknown, missing }
    }
    expect(of('BTC=-30%')).toEqual(OPEN)
    expect(of('index:BTC=-30%')).toEqual(OPEN)
    expect(of('BTC=0%')).toEqual(KNOWN)
    expect(of('USDC=-1%')).toEqual(KNOWN)
  })
})
