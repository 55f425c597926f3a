import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Account, ROLLOVER_EVERY_MS, type RuleBook } from '../../src/domain/index.ts'
import {
  accountFaultsOf,
  accountWithRollovers,
  add,
  ceilTo,
  formatDecimal,
  marginAccountsOf,
  mul,
  parseDecimal,
  rolloverAnswerOf,
  rolloversIn,
} from '../../src/margin/index.ts'
import { accountSchema } from '../../src/venues/index.ts'
import { makeAccount } from '../support/accounts.ts'
import { USED_MARGIN } from '../support/rules.ts'
import { testSeed } from '../support/seed.ts'
import { bookOf, oneTier } from './support.ts'

const SEED = testSeed(23)
const HOUR_MS = 3_600_000
const OPENED_MS = 1_790_000_000_123

const BOOK: RuleBook = bookOf(
  { closingFee: 'none', liquidation: 'reached' },
  {
    XBTUSD: USED_MARGIN,
    ETHUSD: USED_MARGIN,
    XBTEUR: { ...USED_MARGIN, settlementAsset: 'EUR' },
    FUTURE: { ...oneTier('0.01'), settlementAsset: 'USD' },
  },
)
const ROLLED = { fourHourlyRolloverRate: '0.0001', rolloverTimeMs: OPENED_MS }
const POSITION = {
  symbol: 'XBTUSD',
  marginMode: 'cross',
  size: '0.2',
  entryPrice: '50000',
  leverage: '5',
} as const
const ACCOUNT: Account = {
  ...makeAccount({ id: 'a', collateral: [{ asset: 'USD', amount: '5000' }] }),
  positions: [{ ...POSITION, ...ROLLED }],
}

/** The wallet, and what each position paid. */
function charged(account: Account, afterMs: number, upToMs: number) {
  const { account: later, charged: paid } = accountWithRollovers(account, BOOK, afterMs, upToMs)
  return {
    wallet: later.collateral.map(({ asset, amount }) => `${amount} ${asset}`),
    paid: paid.map(({ symbol, rollovers, amount }) => [symbol, rollovers, formatDecimal(amount)]),
  }
}

describe('the rollover fee of a position on spot margin', () => {
  it('is charged every four hours from its opening, and not at its opening', () => {
    const rollovers = (afterMs: number, upToMs: number) =>
      rolloversIn(ROLLED, OPENED_MS + afterMs, OPENED_MS + upToMs)
    expect(rollovers(0, 0)).toBe(0)
    expect(rollovers(0, 4 * HOUR_MS - 1)).toBe(0)
    expect(rollovers(0, 4 * HOUR_MS)).toBe(1)
    expect(rollovers(4 * HOUR_MS, 8 * HOUR_MS - 1)).toBe(0)
    expect(rollovers(0, 74 * HOUR_MS)).toBe(18)
    expect(rollovers(5 * HOUR_MS, 0)).toBe(0)
  })

  it('is counted alike from the next rollover and from any earlier one', () => {
    for (const shift of [-2_190, -1, 1]) {
      const rolloverTimeMs = OPENED_MS + shift * ROLLOVER_EVERY_MS
      expect(rolloversIn({ rolloverTimeMs }, OPENED_MS + 1, OPENED_MS + 12 * HOUR_MS)).toBe(3)
    }
  })

  it('is its value at entry times the rate, out of the wallet, of a long and of a short', () => {
    const later = OPENED_MS + 9 * HOUR_MS
    // 10,000 · 0.0001 = 1, twice.
    expect(charged(ACCOUNT, OPENED_MS, later)).toEqual({ wallet: ['4998 USD'], paid: [['XBTUSD', 2, '2']] })
    const short = { ...ACCOUNT, positions: [{ ...POSITION, ...ROLLED, size: '-0.2' }] }
    expect(charged(short, OPENED_MS, later).wallet).toEqual(['4998 USD'])
    expect(accountWithRollovers(ACCOUNT, BOOK, later, later + 1).account).toBe(ACCOUNT)
  })

  it('is that of each position, out of the wallet in which it settles; one without a rate or a size has none', () => {
    const account: Account = {
      ...ACCOUNT,
      collateral: [
        { asset: 'USD', amount: '1.5' },
        { asset: 'EUR', amount: '10' },
      ],
      positions: [
        { ...POSITION, ...ROLLED },
        { ...POSITION, symbol: 'ETHUSD', ...ROLLED, rolloverTimeMs: OPENED_MS - HOUR_MS },
        { ...POSITION, symbol: 'XBTEUR', ...ROLLED, fourHourlyRolloverRate: '0.0002' },
        { ...POSITION, symbol: 'XBTEUR', size: '-1' },
        { ...POSITION, symbol: 'ETHUSD', ...ROLLED, size: '-0' },
      ],
    }
    expect(charged(account, OPENED_MS, OPENED_MS + 7 * HOUR_MS)).toEqual({
      wallet: ['-1.5 USD', '8 EUR'],
      paid: [
        ['XBTUSD', 1, '1'],
        ['ETHUSD', 2, '2'],
        ['XBTEUR', 1, '2'],
      ],
    })
  })

  it('is a debt of a pool that holds nothing of the asset', () => {
    const pooled: Account = {
      ...ACCOUNT,
      pool: { currency: 'USD', kind: 'multi-asset' },
      collateral: [],
    }
    expect(charged(pooled, OPENED_MS, OPENED_MS + 4 * HOUR_MS).wallet).toEqual(['-1 USD'])
  })

  it(`adds up to the same step by step as at once, each fee rounded up to 12 decimals (seed ${SEED})`, () => {
    const decimal = fc
      .tuple(fc.integer({ min: 1, max: 99_999 }), fc.nat(999_999))
      .map(([a, b]) => `${a}.${b}`)
    const rate = fc.nat(999_999_999).map((digits) => `0.000${String(digits).padStart(9, '0')}`)
    const aroundMs = fc.integer({ min: -30 * HOUR_MS, max: 30 * HOUR_MS })
    fc.assert(
      fc.property(
        decimal,
        decimal,
        rate,
        aroundMs,
        fc.nat(90 * HOUR_MS),
        (size, entryPrice, of, shift, heldMs) => {
          const asOfMs = OPENED_MS + shift
          const position = { ...POSITION, ...ROLLED, size, entryPrice, fourHourlyRolloverRate: of }
          const stated: Account = { ...ACCOUNT, positions: [position] }
          const unit = parseDecimal('0.000000000001')
          const value = mul(parseDecimal(size), parseDecimal(entryPrice))
          let [stepped, paid, lastMs] = [stated, parseDecimal('0'), asOfMs]
          for (
            let dueMs = OPENED_MS - 400 * ROLLOVER_EVERY_MS;
            dueMs <= asOfMs + heldMs;
            dueMs += ROLLOVER_EVERY_MS
          ) {
            if (dueMs <= asOfMs) continue
            stepped = accountWithRollovers(stepped, BOOK, lastMs, dueMs).account
            paid = add(paid, ceilTo(mul(value, parseDecimal(of)), unit))
            lastMs = dueMs
          }
          const atOnce = accountWithRollovers(stated, BOOK, asOfMs, asOfMs + heldMs)
          expect(atOnce.account.collateral).toEqual(stepped.collateral)
          expect(formatDecimal(atOnce.charged[0]!.amount)).toBe(formatDecimal(paid))
        },
      ),
      { seed: SEED },
    )
  })
})

describe('what an account may state of rollovers', () => {
  const faultsIn = (position: object, account: object = {}) => {
    const stated = { id: 'a', venue: 'bybit', positions: [{ ...POSITION, ...position }], ...account }
    const parsed = accountSchema.safeParse(stated)
    return parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  }

  it('is a rate and a time, both or none', () => {
    expect(faultsIn(ROLLED)).toEqual([])
    expect(faultsIn({ fourHourlyRolloverRate: '0.0001' })).toEqual([
      'positions.0.rolloverTimeMs must be stated beside fourHourlyRolloverRate',
    ])
    expect(faultsIn({ rolloverTimeMs: OPENED_MS })).toEqual([
      'positions.0.fourHourlyRolloverRate must be stated beside rolloverTimeMs',
    ])
  })

  it('is a fraction, which 0.0100% is not, and a time in milliseconds', () => {
    expect(faultsIn({ ...ROLLED, fourHourlyRolloverRate: '0.001' })).toEqual([])
    expect(faultsIn({ ...ROLLED, fourHourlyRolloverRate: '0.0100' })).toEqual([
      'positions.0.fourHourlyRolloverRate must be a fraction of at most 0.001 each 4 hours: 0.0001 where the venue states 0.0100%',
    ])
    expect(faultsIn({ ...ROLLED, fourHourlyRolloverRate: '-0.0001' })).toHaveLength(1)
    expect(faultsIn({ ...ROLLED, rolloverTimeMs: 1_790_000_000 })).toEqual([
      'positions.0.rolloverTimeMs must be a time in Unix milliseconds, a whole number of 13 digits',
    ])
  })

  it('is a rollover of the four hours after its balances at the latest', () => {
    const asOfMs = OPENED_MS - 4 * HOUR_MS
    expect(faultsIn(ROLLED, { asOfMs })).toEqual([])
    expect(faultsIn(ROLLED, { asOfMs: asOfMs - 1 })).toEqual([
      `positions.0.rolloverTimeMs must be at most 4 hours after asOfMs, ${asOfMs - 1}: it is the next rollover or an earlier one`,
    ])
  })

  it('is refused of a contract whose margin is no share of used margin', () => {
    const faultsOf = (symbol: string) =>
      accountFaultsOf({ ...ACCOUNT, positions: [{ ...POSITION, ...ROLLED, symbol }] }, BOOK)
    expect(faultsOf('XBTUSD')).toEqual([])
    expect(faultsOf('FUTURE')).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['positions', 0, 'fourHourlyRolloverRate'],
        rule: 'is charged for a position on used margin, which this contract is not: its maintenance margin is marginal-tiers',
      },
    ])
  })

  it('is an assumption where the position states none, and what a fee is charged on where it does', () => {
    const assumed = (position: Account['positions'][number]) =>
      marginAccountsOf({ ...ACCOUNT, positions: [position] }, BOOK)[0]!.assumptions
    expect(assumed(POSITION)).toEqual([
      'a position in XBTUSD states no fourHourlyRolloverRate, so no rollover fee is charged to it',
    ])
    expect(assumed({ ...POSITION, ...ROLLED })).toEqual([
      'the rollover fee of a position in XBTUSD is charged on its value at entry, in USD',
    ])
  })
})

describe('what plimsoll margin says of rollovers', () => {
  const answersOf = (account: Account, sinceMs: number, mark = '50000') =>
    marginAccountsOf(account, BOOK).map((own) =>
      rolloverAnswerOf(account, own, BOOK, sinceMs, () => mark, {}),
    )

  it('is the next one, what it costs, and the way to the line after it', () => {
    // 0.4 · 10,000 / 5 = 800 are asked for, and 801 are left.
    const account = { ...ACCOUNT, collateral: [{ asset: 'USD', amount: '801' }] }
    expect(answersOf(account, OPENED_MS)).toEqual([
      {
        nextTimeMs: OPENED_MS + 4 * HOUR_MS,
        positions: [{ symbol: 'XBTUSD', size: '0.2', asset: 'USD', fee: '1' }],
        after: {
          distance: '0',
          liquidationPrices: { XBTUSD: { below: '50000', above: '50000' } },
          ifOnly: [expect.objectContaining({ change: '0' })],
        },
      },
    ])
    expect(answersOf(account, OPENED_MS - 1)[0]!.nextTimeMs).toBe(OPENED_MS)
  })

  it('is of the positions that are rolled over first, of each margin account its own', () => {
    const account: Account = {
      ...ACCOUNT,
      collateral: [...ACCOUNT.collateral, { asset: 'EUR', amount: '5000' }],
      positions: [
        { ...POSITION, ...ROLLED },
        { ...POSITION, ...ROLLED, size: '-0.4' },
        { ...POSITION, ...ROLLED, symbol: 'ETHUSD', rolloverTimeMs: OPENED_MS + 1 },
        { ...POSITION, ...ROLLED, symbol: 'XBTEUR', rolloverTimeMs: OPENED_MS - 1 },
      ],
    }
    const feesOf = (sinceMs: number) =>
      answersOf(account, sinceMs).map((answer) =>
        answer!.positions.map(({ fee, asset }) => `${fee} ${asset}`),
      )
    expect(feesOf(OPENED_MS)).toEqual([['1 USD'], ['1 EUR']])
    expect(feesOf(OPENED_MS + 1)).toEqual([['1 USD', '2 USD'], ['1 EUR']])
  })

  it('is nothing without a position that states a rate', () => {
    expect(answersOf({ ...ACCOUNT, positions: [POSITION] }, OPENED_MS)).toEqual([undefined])
  })
})
