import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Account, RuleBook } from '../../src/domain/index.ts'
import {
  add,
  answersOf,
  formatDecimal,
  formulaOf,
  levelRule,
  type MarkOf,
  marginAccountPartsOf,
  marginAccountsOf,
  marginStateOf,
  mul,
  ONE,
  parseDecimal,
  stateByFormula,
  sub,
  ZERO,
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

const NEAR = 1n
const PARTS = 10n ** 9n

/** Marks moved by share·(1 + parts·10^−9), each against the net of its positions. */
function movedAgainst(account: Account, markOf: MarkOf, share: string, parts: bigint): MarkOf {
  const move = mul(parseDecimal(share), { n: PARTS + parts, d: PARTS })
  return (symbol) => {
    const own = account.positions.filter((position) => position.symbol === symbol)
    const net = own.reduce((sum, { size }) => add(sum, parseDecimal(size)), ZERO)
    const factor = net.n > 0n ? sub(ONE, move) : add(ONE, move)
    return formatDecimal(mul(parseDecimal(markOf(symbol)!), factor))
  }
}

describe('the distance of a margin account', () => {
  it(`is the move against it that brings it to its line: a little less leaves it above, a little more does not (seed ${SEED})`, () => {
    let moved = 0
    fc.assert(
      fc.property(fc.oneof(anyCase, stressed(anyCase)), ({ account, margin, rules, marks }) => {
        const input = parsedAccount(account)
        const book = bookOf(margin, rules)
        const markOf: MarkOf = (symbol) => marks[symbol]
        for (const marginAccount of marginAccountsOf(input, book)) {
          const { distance } = answersOf(marginAccount, markOf)
          const { verdict } = marginStateOf(marginAccount, markOf, levelRule())
          if (distance === null || Number(distance) === 0) {
            if (distance === '0') expect(verdict).toBe('breach')
            continue
          }
          // Beyond the digits of a price a smaller move cannot be told.
          if (Number(distance) < 1e-6 || Number(distance) > 0.999) continue
          moved++
          const verdictAt = (parts: bigint) =>
            marginStateOf(marginAccount, movedAgainst(input, markOf, distance, parts), levelRule()).verdict
          expect([verdictAt(-NEAR) === 'breach', verdictAt(NEAR) === 'breach']).toEqual([false, true])
        }
      }),
      { numRuns: CASES, seed: SEED },
    )
    expect(moved).toBeGreaterThan(CASES / 4)
  })
})

describe('the formula of a margin account', () => {
  it(`gives every figure, price and cure that its curves give (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.oneof(anyCase, stressed(anyCase)), ({ account, margin, rules, marks }) => {
        sameStates(parsedAccount(account), bookOf(margin, rules), (symbol) => marks[symbol])
      }),
      { numRuns: CASES, seed: SEED },
    )
  })
})
