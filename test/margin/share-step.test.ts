import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { marginAccountsOf, positionAnswersOf } from '../../src/margin/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { cross, isolated, rateRules } from '../golden/golden-case.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf } from './support.ts'

const RULES = rateRules('0.01')

function reductionOf(venue: string, account: object, mark?: string, symbol = 'X'): string | null {
  const { defaults } = VENUES.find(({ id }) => id === venue)!.ruleBook
  const book = bookOf(defaults, { [symbol]: instrumentRulesSchema.parse(RULES) })
  const [marginAccount] = marginAccountsOf(parsedAccount(account as never), book)
  return positionAnswersOf(marginAccount!, () => mark)[0]!.nextShareReduction
}

const backed = { isolatedMargin: '999999' }

describe('the share of a position that the venue closes first', () => {
  // hyperliquid.md §3: "if notional > 100k USDC only 20 % first"; dydx.md §3: max(10 % of the position, 1,000 USDC) a block, at
  // most 100,000 USDC of a subaccount.
  it.each([
    ['a fifth above 100,000 USDC at Hyperliquid', 'hyperliquid', '5', '59500', '1'],
    ['of a short position, unsigned', 'hyperliquid', '-5', '59500', '1'],
    ['just above the notional', 'hyperliquid', '1', '100000.01', '0.2'],
    ['a tenth at dYdX', 'dydx', '-5', '59500', '0.5'],
    ['at least 1,000 USDC at dYdX', 'dydx', '0.05', '50000', '0.02'],
    ['at most 100,000 USDC at dYdX', 'dydx', '100', '60000', '1.66666666'],
  ])('is %s', (_, venue, size, mark, reduction) => {
    expect(reductionOf(venue, isolated(size, '60000', backed), mark)).toBe(reduction)
  })

  it.each([
    ['at 100,000 USDC', 'hyperliquid', '1', '100000'],
    ['at 1,000 USDC', 'dydx', '0.02', '50000'],
    ['at venues that step down tiers', 'binance', '5', '59500'],
  ])('is null %s, where the whole position goes or no share is stated', (_, venue, size, mark) => {
    expect(reductionOf(venue, isolated(size, '60000', backed), mark)).toBeNull()
  })

  it('is null where the venue does not say how much it closes first', () => {
    expect(reductionOf('deribit', cross('USDT', '999999', '5', '60000'), '59500')).toBeNull()
  })

  it('is null while the mark is missing', () => {
    expect(reductionOf('hyperliquid', isolated('5', '60000', backed))).toBeNull()
  })

  // hyperliquid.md §3: "if equity < 2/3 MM → backstop: liquidator vault takes the position"; "HIP-3: no backstop vault".
  it('is null once the liquidator vault of Hyperliquid takes all, which markets of builders do not have', () => {
    // Long 5 at 60,000; margin asked at 59,000 is 2,950, two thirds of it 1,966.67.
    const above = cross('USDT', '6966.67', '5', '60000')
    const below = cross('USDT', '6966.66', '5', '60000') as { positions: object[] }
    expect(reductionOf('hyperliquid', above, '59000')).toBe('1')
    expect(reductionOf('hyperliquid', below, '59000')).toBeNull()
    const [position] = below.positions
    const built = { ...below, positions: [{ ...position, symbol: 'xyz:X' }] }
    expect(reductionOf('hyperliquid', built, '59000', 'xyz:X')).toBe('1')
  })
})
