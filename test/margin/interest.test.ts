import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/domain/index.ts'
import {
  accountWithInterest,
  add,
  ceilTo,
  dueTimesIn,
  FULL_HOURS,
  formatDecimal,
  hourlyInterestOf,
  interestAnswerOf,
  marginAccountsOf,
  mul,
  parseDecimal,
} from '../../src/margin/index.ts'
import { accountSchema, binance } from '../../src/venues/index.ts'
import { makeAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(19)

const HOUR_MS = 3_600_000
const FULL_HOUR_MS = 500_000 * HOUR_MS

/** 30,000 USDT behind a debt of 27,100, of which 27,000 are principal; the level is 1.05. */
const DEBT = { asset: 'USDC', amount: '27100', principal: '27000', hourlyInterestRate: '0.00001' }
const ACCOUNT: Account = {
  ...makeAccount({ id: 'a', venue: 'binance', collateral: [{ asset: 'USDC', amount: '30000' }] }),
  pool: { currency: 'USDC', kind: 'spot-margin', liquidationLevel: '1.05' },
  liabilities: [DEBT],
}

describe('interest of a debt', () => {
  it('is the principal times the rate for each full hour after the balances, and bears none itself', () => {
    const { account, accrued } = accountWithInterest(ACCOUNT, 3)
    expect(account.liabilities).toEqual([{ ...DEBT, amount: '27100.81', isPrincipalAssumed: false }])
    expect(accrued.map(({ amount, ...fields }) => [fields, formatDecimal(amount)])).toEqual([
      [{ asset: 'USDC', principal: '27000', hourlyInterestRate: '0.00001' }, '0.81'],
    ])
    expect(accountWithInterest(ACCOUNT, 0).account).toBe(ACCOUNT)
    const { hourlyInterestRate: _, principal: __, ...plain } = DEBT
    const unstated = { ...ACCOUNT, liabilities: [plain] }
    expect(accountWithInterest(unstated, 9)).toEqual({ account: unstated, accrued: [] })
  })

  it('is that of Binance: BTC at a daily rate of 0.00026125', () => {
    // The documents divide the daily rate by 24; the quotient has no end, so the account states it rounded up.
    expect(formatDecimal(hourlyInterestOf('2', '0.000010885416666667'))).toBe('0.000021770834')
  })

  it('is charged at full hours of UTC: from the hour in which the balances were true to the one that has passed', () => {
    const hours = (asOfMs: number, upToMs: number) => dueTimesIn(FULL_HOURS, asOfMs, upToMs)
    expect(hours(FULL_HOUR_MS, FULL_HOUR_MS)).toBe(0)
    expect(hours(FULL_HOUR_MS, FULL_HOUR_MS + HOUR_MS - 1)).toBe(0)
    expect(hours(FULL_HOUR_MS - 1, FULL_HOUR_MS)).toBe(1)
    expect(hours(FULL_HOUR_MS, FULL_HOUR_MS + HOUR_MS)).toBe(1)
    expect(hours(FULL_HOUR_MS + 5, FULL_HOUR_MS - 5)).toBe(0)
  })

  it(`adds up to the same by hours in a row as at once, each rounded up to 12 decimals (seed ${SEED})`, () => {
    const digits = (before: number, after: number) =>
      fc.tuple(fc.nat(10 ** before - 1), fc.nat(10 ** after - 1)).map(([whole, part]) => `${whole}.${part}`)
    fc.assert(
      fc.property(
        digits(9, 9),
        fc.nat(999_999_999).map((rate) => `0.00${String(rate).padStart(9, '0')}`),
        fc.integer({ min: 1, max: 40 }),
        (principal, rate, hours) => {
          const debt = { asset: 'USDC', amount: principal, principal, hourlyInterestRate: rate }
          const stated = { ...ACCOUNT, liabilities: [debt] }
          let [stepped, naive] = [stated as Account, parseDecimal(principal)]
          const unit = parseDecimal('0.000000000001')
          for (let hour = 0; hour < hours; hour++) {
            stepped = accountWithInterest(stepped, 1).account
            naive = add(naive, ceilTo(mul(parseDecimal(principal), parseDecimal(rate)), unit))
          }
          const atOnce = accountWithInterest(stated, hours).account.liabilities[0]!.amount
          expect(stepped.liabilities[0]!.amount).toBe(atOnce)
          expect(atOnce).toBe(formatDecimal(naive))
        },
      ),
      { seed: SEED },
    )
  })
})

describe('what plimsoll margin says of interest', () => {
  const price = () => undefined
  const answerOf = (account: Account, sinceMs: number) => {
    const book = binance.ruleBook
    const [own] = marginAccountsOf(account, book)
    return { own: own!, answer: interestAnswerOf(account, own!, book, sinceMs, price, {}) }
  }

  it('is what the next full hour adds, and the way to the line after it', () => {
    const account: Account = {
      ...ACCOUNT,
      // 1.05 · 27,100.27: the hour brings it to its line.
      collateral: [{ asset: 'USDC', amount: '28455.28350' }],
    }
    expect(answerOf(account, FULL_HOUR_MS).answer).toEqual({
      nextTimeMs: FULL_HOUR_MS + HOUR_MS,
      debts: [{ asset: 'USDC', interest: '0.27' }],
      after: { distance: '0', liquidationPrices: {}, ifOnly: [] },
    })
    expect(answerOf(account, FULL_HOUR_MS - 1).answer!.nextTimeMs).toBe(FULL_HOUR_MS)
  })

  it('is nothing without a debt that states a rate, which is an assumption; so is a principal that is not stated', () => {
    const { principal: _, ...whole } = DEBT
    const { hourlyInterestRate: __, ...plain } = whole
    const assumed = (debt: Account['liabilities'][number]) => {
      const { own, answer } = answerOf({ ...ACCOUNT, liabilities: [debt] }, FULL_HOUR_MS)
      return [answer === undefined, own.assumptions]
    }
    expect(assumed(DEBT)).toEqual([false, []])
    expect(assumed(whole)).toEqual([
      false,
      ['the debt in USDC states no principal, so interest is charged on all of it'],
    ])
    expect(assumed(plain)).toEqual([
      true,
      ['the debt in USDC states no hourlyInterestRate, so no interest is added to it'],
    ])
  })
})

describe('the rate of a debt', () => {
  it.each([
    [{ hourlyInterestRate: '0.010000000000000001' }, 'must be a fraction of at most 0.01 an hour'],
    [{ hourlyInterestRate: '-0.001' }, 'must be a decimal string of zero or more'],
    [{ hourlyInterestRate: '0.001', principal: '10.1' }, 'must be at most amount, which includes it'],
    [{ principal: '1' }, 'needs hourlyInterestRate, which is charged on it'],
  ])('%o is refused by name', (stated, rule) => {
    const raw = { ...ACCOUNT, liabilities: [{ asset: 'USDC', amount: '10.0', ...stated }] }
    const parsed = accountSchema.safeParse(raw)
    expect(parsed.error?.issues.map(({ message }) => message).join()).toContain(rule)
  })

  it('of 1 % and a principal of the whole amount are taken', () => {
    const debt = { asset: 'USDC', amount: '10.0', principal: '10', hourlyInterestRate: '0.01' }
    expect(accountSchema.parse({ ...ACCOUNT, liabilities: [debt] }).liabilities).toEqual([debt])
  })
})
