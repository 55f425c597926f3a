import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterFunding } from '../../src/demo/referee/funding.ts'
import { type Account, type Position, positionKey } from '../../src/domain/index.ts'
import {
  formatDecimal,
  fundedAccountOf,
  levelRule,
  marginAccountsOf,
  marginStateOf,
} from '../../src/margin/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'

const TIME_MS = 1_790_002_800_000
const HOUR_MS = 3_600_000
const RULE = levelRule()
const SEED = testSeed(23)

/** Contracts of each venue with the marks at which they are bought, charged and judged. */
const CONTRACTS: Readonly<Record<string, readonly (readonly [symbol: string, price: string])[]>> = {
  bybit: [
    ['BTCUSDT', '60000'],
    ['ETHUSDT', '3000'],
    ['BTCUSD', '60000'],
  ],
  binance: [
    ['BTCUSDT', '60000'],
    ['ETHUSDT', '3000'],
  ],
  bitmex: [
    ['XBTUSD', '60000'],
    ['ETHUSD', '3000'],
  ],
}

interface Case {
  readonly account: Account
  readonly charged: readonly {
    readonly symbol: string
    readonly hours: number
    readonly fundingRate: string
  }[]
  /** The places of the positions, and of what was charged, in another order. */
  readonly positionsThen: readonly number[]
  readonly chargedThen: readonly number[]
}

function casesOf(venue: string): fc.Arbitrary<Case> {
  const contracts = CONTRACTS[venue]!
  const places = contracts.flatMap(([symbol, price]) =>
    (['cross', 'isolated'] as const).flatMap((marginMode) =>
      ['', '-'].map((sign) => ({ symbol, price, marginMode, sign })),
    ),
  )
  const isInverse = (symbol: string) => symbol.endsWith('USD') && !symbol.startsWith('ETH')
  const position = ({ symbol, price, marginMode, sign }: (typeof places)[number], units: number) => {
    const size = `${sign}${isInverse(symbol) || venue === 'bitmex' ? units * 1000 : units / 10}`
    const stated = { size, entryPrice: price, leverage: '50' }
    return marginMode === 'cross' ? crossPosition(symbol, stated) : isolatedPosition(symbol, stated)
  }
  const positions = fc
    .subarray(places, { minLength: 2 })
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((place) => fc.integer({ min: 1, max: 30 }).map((units) => position(place, units))),
      ),
    )
  const rates = fc.integer({ min: -300, max: 300 }).map((millionths) => String(millionths / 10_000))
  const charged = fc.array(
    fc.record({
      symbol: fc.constantFrom(...contracts.map(([symbol]) => symbol)),
      hours: fc.integer({ min: 1, max: 3 }),
      fundingRate: rates,
    }),
    { minLength: 1, maxLength: 8 },
  )
  const wallet = fc.option(fc.integer({ min: -50, max: 2_000 }), { freq: 8 })
  return fc.tuple(positions, charged, wallet).chain(([held, paid, amount]) => {
    // Of one funding time of a market there is one record.
    const once = paid.filter(
      ({ symbol, hours }, at) =>
        paid.findIndex((each) => each.symbol === symbol && each.hours === hours) === at,
    )
    const assets = [
      ...new Set(held.map(({ symbol }) => ruleBookOf(venueOf(venue)).rulesOf(symbol)!.settlementAsset)),
    ]
    // Without a cross position an account may leave its wallet out.
    const isOut = amount === null && held.every(({ marginMode }) => marginMode === 'isolated')
    const collateral = isOut
      ? []
      : assets.map((asset) => ({ asset, amount: String((amount ?? 0) / (asset === 'USDT' ? 1 : 1e4)) }))
    const order = (count: number) =>
      fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count })
    return fc.record({
      account: fc.constant(makeAccount({ venue, asOfMs: TIME_MS, collateral, positions: [...held] })),
      charged: fc.constant(once),
      positionsThen: order(held.length),
      chargedThen: order(once.length),
    })
  })
}

function venueOf(venue: string) {
  return makeAccount({ venue }).venue
}

/** All that funding did to the account, none of it by place in a list. */
function outcomeOf(account: Account, charged: Case['charged']) {
  const book = ruleBookOf(account.venue)
  const priceOf = (symbol: string) => CONTRACTS[account.venue]!.find(([name]) => name === symbol)![1]
  const funded = fundedAccountOf(account, book, {
    recordsOf: (symbol) =>
      charged
        .filter((each) => each.symbol === symbol)
        .toSorted((left, right) => left.hours - right.hours)
        .map(({ hours, fundingRate }) => ({
          venue: account.venue,
          symbol,
          fundingTimeMs: TIME_MS + hours * HOUR_MS,
          terms: { fundingRate, markPrice: priceOf(symbol) },
        })),
    isPending: () => false,
  })
  return {
    balances: balancesOf(funded.account),
    bookings: funded.bookings
      .map(({ place, size, fundingTimeMs, payment, booked }) =>
        [place, size, fundingTimeMs, payment, formatDecimal(booked)].join(' '),
      )
      .toSorted(),
    verdicts: marginAccountsOf(funded.account, book)
      .map((marginAccount) => {
        const { verdict, marginBalance, level } = marginStateOf(marginAccount, priceOf, RULE)
        return `${marginAccount.id} ${verdict} ${level} ${marginBalance}`
      })
      .toSorted(),
  }
}

function balancesOf({ collateral, positions }: Account) {
  return {
    wallets: Object.fromEntries(collateral.map(({ asset, amount }) => [asset, amount])),
    margins: Object.fromEntries(positions.map((each: Position) => [positionKey(each), each.isolatedMargin])),
  }
}

const then = <T>(items: readonly T[], order: readonly number[]): T[] => order.map((place) => items[place]!)

describe.each(Object.keys(CONTRACTS))(`funding of an account of %s (seed ${SEED})`, (venue) => {
  it('gives the same wallets, margins, bookings and verdicts in whatever order positions are listed', () => {
    fc.assert(
      fc.property(casesOf(venue), ({ account, charged, positionsThen, chargedThen }) => {
        const listed = { ...account, positions: then(account.positions, positionsThen) }
        expect(outcomeOf(listed, then(charged, chargedThen))).toEqual(outcomeOf(account, charged))
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  it('is what the referee replays, in whatever order it is given positions and payments', () => {
    fc.assert(
      fc.property(casesOf(venue), ({ account, charged, positionsThen, chargedThen }) => {
        const listed = { ...account, positions: then(account.positions, positionsThen) }
        const payments = charged.map(({ symbol, hours, fundingRate }) => ({
          venue,
          symbol,
          fundingTimeMs: TIME_MS + hours * HOUR_MS,
          fundingRate,
          markPrice: CONTRACTS[venue]!.find(([name]) => name === symbol)![1],
        }))
        const rulesOf = (symbol: string) => ruleBookOf(account.venue).rulesOf(symbol)!
        const replayed = afterFunding(listed, then(payments, chargedThen), rulesOf)
        expect(balancesOf(replayed)).toEqual(outcomeOf(account, charged).balances)
      }),
      { numRuns: 300, seed: SEED },
    )
  })
})

describe('payments of one funding time', () => {
  const isolated = (symbol: string, size: string) =>
    isolatedPosition(symbol, { size, entryPrice: '60000', leverage: '50', isolatedMargin: '1300' })
  const after = (positions: Position[], rates: Readonly<Record<string, string>>, wallet = '20') => {
    const account = makeAccount({
      asOfMs: TIME_MS,
      collateral: [{ asset: 'USDT', amount: wallet }],
      positions,
    })
    const charged = Object.entries(rates).map(([symbol, fundingRate]) => ({ symbol, hours: 1, fundingRate }))
    return outcomeOf(account, charged).balances
  }

  it('are charged before what is received: a hedged pair with a small wallet loses margin on the side that pays', () => {
    const [long, short] = [isolated('BTCUSDT', '1'), isolated('BTCUSDT', '-1')]
    const expected = {
      wallets: { USDT: '600' },
      margins: { 'isolated:BTCUSDT:long': '720', 'isolated:BTCUSDT:short': '1300' },
    }
    expect(after([long, short], { BTCUSDT: '0.01' })).toEqual(expected)
    expect(after([short, long], { BTCUSDT: '0.01' })).toEqual(expected)
  })

  it('share a wallet that is too small, each by the same share, behind what cross positions pay', () => {
    // 10 ETH at 3,000 pay 30, 1 BTC at 60,000 pays 60: of the 20 that the cross position leaves, 90 are owed.
    const eth = { ...isolated('ETHUSDT', '10'), entryPrice: '3000' }
    const cross = crossPosition('BTCUSDT', { size: '0.5', entryPrice: '60000' })
    const rates = { BTCUSDT: '0.001', ETHUSDT: '0.001' }
    expect(after([isolated('BTCUSDT', '1'), eth, cross], rates, '50')).toEqual({
      wallets: { USDT: '0.000000000001' },
      margins: {
        'isolated:BTCUSDT:long': '1253.333333333333',
        'isolated:ETHUSDT:long': '1276.666666666666',
        'cross:BTCUSDT:long': undefined,
      },
    })
  })
})
