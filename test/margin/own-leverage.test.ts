import { describe, expect, it } from 'vitest'
import { checkRules } from '../../src/margin/index.ts'
import { hyperliquid } from '../../src/venues/hyperliquid.ts'
import { marginAccountsFor, oneTier, stateOf } from './support.ts'

const book = hyperliquid.ruleBook

function accountOf(size: string, maxLeverage?: string) {
  const own = maxLeverage === undefined ? {} : { maxLeverage }
  const position = { symbol: 'BTC', marginMode: 'cross', size, entryPrice: '66666.7', leverage: '20', ...own }
  return { venue: 'hyperliquid', collateral: [{ asset: 'USDC', amount: '2600000' }], positions: [position] }
}

const maintenanceOf = (size: string, maxLeverage?: string) =>
  stateOf(accountOf(size, maxLeverage), book, { BTC: '66666.7' }).maintenanceMargin

// hyperliquid.md 39: BTC 40x, from 150,000,000 on 20x: value · 2.5 % − 1,875,000.
describe('a position that states its own greatest leverage', () => {
  it('keeps the tiers of the table where its leverage is that of the table', () => {
    expect(stateOf(accountOf('3000', '40'), book, { BTC: '66666.7' })).toMatchObject({
      maintenanceMargin: '3125002.5',
      verdict: 'breach',
    })
    expect(stateOf(accountOf('3000', '40'), book, { BTC: '66666.7' })).toEqual(
      stateOf(accountOf('3000'), book, { BTC: '66666.7' }),
    )
    expect(marginAccountsFor(accountOf('3000', '40.0'), book)[0]!.assumptions).toEqual([])
  })

  it('is asked for more where it is below, without a jump at the cap', () => {
    // 30x: 150,000,000 / 60 below the cap, the table's 2.5 % above it.
    expect(maintenanceOf('2000', '30')).toBe('2222223.333333333333333333')
    expect(maintenanceOf('3000', '30')).toBe('3750002.5')
    // 10x is below the leverage of both tiers.
    expect(maintenanceOf('3000', '10')).toBe('10000005')
    expect(maintenanceOf('3000', '10.000000000000000001')).toBe('10000004.999999999999')
  })

  it('keeps an older leverage above the table in the first tier alone, and says that this is assumed', () => {
    expect(maintenanceOf('2000', '50')).toBe('1333334')
    expect(maintenanceOf('3000', '50')).toBe('2750002.5')
    const [account] = marginAccountsFor(accountOf('3000', '50'), book)
    expect(account!.assumptions).toEqual([
      expect.stringContaining('the venue does not say how the further tiers apply'),
    ])
    expect(account!.isPlain).toBe(true)
  })

  it('has rules with marginal tiers: a share without them is refused', () => {
    const rules = { ...oneTier('0.01'), maintenanceShare: '1/2' }
    expect(() => checkRules('X', rules)).not.toThrow()
    const sideRates = { kind: 'side-rates', long: '0.1', short: '0.1' } as const
    expect(() => checkRules('X', { ...rules, maintenance: sideRates })).toThrow('maintenanceShare of X')
  })
})
