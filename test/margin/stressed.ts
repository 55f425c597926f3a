import fc from 'fast-check'
import { formatDecimal, mul, parseDecimal, sub } from '../../src/margin/index.ts'
import type { AccountInput } from '../support/accounts.ts'
import type { Case } from './arbitraries.ts'
import { bookOf, marginAccountsFor, stateOf, sumOf } from './support.ts'

/** The account after a top-up: to the wallet of a pool, to the margin of an isolated position. */
export function toppedUp({ account, margin, rules }: Case, amount: string): AccountInput {
  const [wallet] = account.collateral ?? []
  if (wallet !== undefined)
    return { ...account, collateral: [{ ...wallet, amount: sumOf(wallet.amount, amount) }] }
  const stated = formatDecimal(marginAccountsFor(account, bookOf(margin, rules))[0]!.walletBalance)
  const [position] = account.positions
  return { positions: [{ ...position!, isolatedMargin: sumOf(stated, amount) }] }
}

/** The case with its wallet set to 0.8 to 2.2 times the maintenance margin: mostly a warning or a breach. */
export function stressed(cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc.tuple(cases, fc.integer({ min: 80, max: 220 })).map(([input, percent]) => {
    const state = stateOf(input.account, bookOf(input.margin, input.rules), input.marks)
    const wanted = mul(parseDecimal(state.maintenanceMargin!), { n: BigInt(percent), d: 100n })
    const change = formatDecimal(sub(wanted, parseDecimal(state.marginBalance!)), 8)
    return { ...input, account: toppedUp(input, change) }
  })
}
