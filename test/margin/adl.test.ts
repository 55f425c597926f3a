import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { marginAccountsOf, positionAnswersOf } from '../../src/margin/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { cross, isolated, rateRules } from '../golden/golden-case.ts'
import { expectPrinted } from '../golden/support.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf } from './support.ts'

/** Without fees, so that a margin of 100 behind 10 bought at 100 is gone at 90. */
const RULES = rateRules('0.01')

function rankingOf(
  account: object,
  mark: string | undefined,
  venue = 'bitmex',
  rules = RULES,
): string | null {
  const { defaults } = VENUES.find(({ id }) => id === venue)!.ruleBook
  const book = bookOf(defaults, { X: instrumentRulesSchema.parse(rules) })
  const [marginAccount] = marginAccountsOf(parsedAccount(account as never), book)
  return positionAnswersOf(marginAccount!, () => mark)[0]!.adlRanking
}

describe('the ranking for auto-deleveraging at BitMEX', () => {
  const long = isolated('10', '100', { isolatedMargin: '100' })
  const short = isolated('-10', '100', { isolatedMargin: '100' })

  it('is return times effective leverage of a profit', () => {
    // 10 % · 1,100/(1,100 − 900), and 10 % · 900/(1,100 − 900)
    expect(rankingOf(long, '110')).toBe('0.55')
    expect(rankingOf(short, '90')).toBe('0.45')
  })

  it('is computed of a short option, and does not exist where the venue rounds the value to zero', () => {
    const option = {
      contribution: 'option',
      settlementAsset: 'USDT',
      maintenance: {
        kind: 'option-standard',
        maintenanceRate: '0.1',
        initialRate: '0.15',
        initialRateMin: '0.1',
      },
      option: { type: 'call', strike: '100', underlying: 'U', pricedIn: 'quote' },
    }
    // Bankrupt at 50: −10 % · (11/39)⁻¹ of a loss of 1 on a value of 10 at entry.
    expectPrinted(rankingOf(cross('USDT', '50', '-1', '10'), '11', 'bitmex', option), '-0.3545454545')
    const rounded = { ...RULES, rounding: { unit: '1000', per: 'lot', lotSize: '1' } }
    expect(rankingOf(cross('USDT', '50', '1', '10'), '600', 'bitmex', rounded)).toBeNull()
  })

  it('is return over effective leverage of a loss', () => {
    // −5 % / (950/(950 − 900))
    expectPrinted(rankingOf(long, '95'), '-0.0026315789')
    expect(rankingOf(long, '100')).toBe('0')
  })

  it('is of the values in coin of an inverse contract', () => {
    const inverse = rateRules('0.01', { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC' })
    const account = isolated('1000', '50000', { isolatedMargin: '0.5' })
    // Gains 2 − 1.6 = 0.4 on 2 BTC; value 1.6 at 62,500; bankrupt where the value is 2 + 0.5.
    expectPrinted(rankingOf(account, '62500', 'bitmex', inverse), '0.3555555555')
  })

  it('is null without a bankruptcy price, beyond it, without a mark, and at venues without a complete formula', () => {
    expect(rankingOf(isolated('10', '100', { isolatedMargin: '1001' }), '110')).toBeNull()
    expect(rankingOf(long, '89')).toBeNull()
    expect(rankingOf(long, undefined)).toBeNull()
    expect(rankingOf(long, '110', 'binance')).toBeNull()
  })
})

// hyperliquid.md §3: index = (mark/entry)·(notional/account value).
describe('the ranking for auto-deleveraging at Hyperliquid', () => {
  it('is mark over entry times notional over account value', () => {
    // 1.1 · 1,100/(100 + 100), 0.9 · 900/(100 + 100), 0.95 · 950/(100 − 50)
    expect(rankingOf(isolated('10', '100', { isolatedMargin: '100' }), '110', 'hyperliquid')).toBe('6.05')
    expect(rankingOf(isolated('-10', '100', { isolatedMargin: '100' }), '90', 'hyperliquid')).toBe('4.05')
    expect(rankingOf(isolated('10', '100', { isolatedMargin: '100' }), '95', 'hyperliquid')).toBe('18.05')
  })

  it('counts the whole cross account behind the position', () => {
    // 1.1 · 1,100/(1,000 + 100)
    expect(rankingOf(cross('USDT', '1000', '10', '100'), '110', 'hyperliquid')).toBe('1.1')
  })

  it('does not exist without an account value above zero', () => {
    const long = isolated('10', '100', { isolatedMargin: '100' })
    expect(rankingOf(long, '90', 'hyperliquid')).toBeNull()
    expect(rankingOf(long, '89', 'hyperliquid')).toBeNull()
    expect(rankingOf(long, undefined, 'hyperliquid')).toBeNull()
  })
})
