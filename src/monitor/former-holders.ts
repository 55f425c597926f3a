import type { Account, AccountVersion, BackfillRequest, Gap, RuleBook } from '../domain/index.ts'
import { type MarginAccount, marginAccountsOf, type Steps } from '../margin/index.ts'
import { dependenciesOf } from './past-verdicts.ts'
import { isRefusal } from './refused-accounts.ts'

/** A margin account that had a position in a market by some earlier terms of its account, and the last such terms. */
export interface FormerHolder {
  readonly exact: MarginAccount
  readonly account: Account
}

/**
 * The margin accounts that depended on the market by one of these terms, by id. `isUnknown`: some terms are not known, or the rules
 * of now refuse them, so that there may be others.
 */
export function formerHolders(
  versions: readonly AccountVersion[],
  book: RuleBook,
  { venue, symbol }: Pick<Gap, 'venue' | 'symbol'>,
): { readonly holders: ReadonlyMap<string, FormerHolder>; readonly isUnknown: boolean } {
  const holders = new Map<string, FormerHolder>()
  let isUnknown = false
  for (const { account } of versions) {
    if (account === 'unknown') isUnknown = true
    else if (account !== undefined && account.venue === venue) {
      const own = compiled(account, book)
      if (own === undefined) isUnknown = true
      for (const exact of own ?? [])
        if (dependenciesOf(exact).includes(symbol)) holders.set(exact.id, { exact, account })
    }
  }
  return { holders, isUnknown }
}

/** Symbols, and names of index prices, on which the former holders of a market depend, its own among them. In steps of an account. */
export function* formerlyBesideSteps(
  versions: BackfillRequest['versions'],
  book: RuleBook,
  market: Pick<Gap, 'venue' | 'symbol'>,
): Steps<Set<string>> {
  const beside = new Set<string>()
  for (const own of versions.values()) {
    for (const { exact } of formerHolders(own, book, market).holders.values())
      for (const symbol of dependenciesOf(exact)) beside.add(symbol)
    yield
  }
  return beside
}

/** undefined where the rules refuse the account. */
function compiled(account: Account, book: RuleBook): MarginAccount[] | undefined {
  try {
    return marginAccountsOf(account, book)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return undefined
  }
}
