import { describe, expect, it } from 'vitest'
import type { InstrumentRules, Position } from '../../src/domain/index.ts'
import { answersOf, levelRule, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'

/** A contract whose rules say what the venue does anyway. */
const CASES = VENUES.flatMap(({ id, ruleBook }) => {
  const { closingFee, liquidation, hasIsolatedMargin } = ruleBook.defaults
  const symbol = [...ruleBook.symbols()].find((name) => ruleBook.rulesOf(name)?.contribution !== 'option')!
  const stated = { ...ruleBook.rulesOf(symbol)!, closingFee, liquidation }
  return [{ venue: id, ruleBook, symbol, stated, isIsolated: hasIsolatedMargin?.(symbol) !== false }]
})

describe('rules that leave a venue’s default out', () => {
  it.each(CASES)('mean what rules that state it mean: $symbol of $venue', (one) => {
    const { venue, ruleBook, symbol, stated, isIsolated } = one
    const terms = { size: '100', entryPrice: '50000', leverage: '2' }
    const position: Position = isIsolated ? isolatedPosition(symbol, terms) : crossPosition(symbol, terms)
    const collateral = isIsolated ? [] : [{ asset: stated.settlementAsset, amount: '900000' }]
    const account = makeAccount({ venue, positions: [position], collateral })
    const stateBy = (rules: InstrumentRules) => {
      const [marginAccount] = marginAccountsOf(account, withRules(ruleBook, { [symbol]: rules }, 'own'))
      const state = marginStateOf(marginAccount!, () => '49000', levelRule(), {
        fundingRateOf: () => '0.0001',
      })
      return { ...state, ...answersOf(marginAccount!, () => '49000') }
    }
    const { closingFee: _, liquidation: __, ...left } = stated
    expect(stateBy(left)).toEqual(stateBy(stated))
  })
})
