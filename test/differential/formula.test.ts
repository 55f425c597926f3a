import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Account, RuleBook } from '../../src/domain/index.ts'
import {
  formulaOf,
  levelRule,
  type MarkOf,
  marginAccountPartsOf,
  marginAccountsOf,
  marginStateOf,
  stateByFormula,
} from '../../src/margin/index.ts'
import { anyCase } from '../margin/arbitraries.ts'
import { stressed } from '../margin/stressed.ts'
import { bookOf } from '../margin/support.ts'
import { parsedAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_129)
const CASES = 1_000

/** Each margin account of the account by its formula and by its curves, in every field. */
function sameStates(account: Account, book: RuleBook, markOf: MarkOf): void {
  const rule = levelRule()
  const parts = marginAccountPartsOf(account, book)
  marginAccountsOf(account, book).forEach((marginAccount, index) => {
    const formula = formulaOf(parts[index]!, marginAccount.walletBalance)
    expect(stateByFormula(marginAccount, formula, markOf, rule)).toEqual(
      marginStateOf(marginAccount, markOf, rule),
    )
  })
}

describe('the formula of a margin account', () => {
  it('gives every figure, price and cure that its curves give', () => {
    fc.assert(
      fc.property(fc.oneof(anyCase, stressed(anyCase)), ({ account, margin, rules, marks }) => {
        sameStates(parsedAccount(account), bookOf(margin, rules), (symbol) => marks[symbol])
      }),
      { numRuns: CASES, seed: SEED },
    )
  })
})
