// What a reader may know of one account: exact figures, in steps.
import type { AccountView, Distant } from '../domain/index.ts'
import {
  distanceTextSteps,
  type FurtherPrices,
  fundingSymbolsOf,
  furtherSymbolsOf,
  indexAssetsOf,
  marginStateSteps,
  type Steps,
  symbolsOf,
} from '../margin/index.ts'
import type { Markets } from './markets.ts'
import type { Watchlist } from './watchlist.ts'

interface AccountParts {
  readonly watchlist: Watchlist
  readonly markets: Markets
}

/** One account at the prices of the first step; undefined when it is not under watch. */
export function* accountSteps(parts: AccountParts, id: string): Steps<AccountView | undefined> {
  const { watchlist } = parts
  const number = watchlist.find(id)
  if (number < 0) return undefined
  const account = watchlist.read(number)
  const [isSuspended, isLost] = [watchlist.isSuspended(number), watchlist.isLost(number)]
  const own = isSuspended ? [] : watchlist.marginAccountsOf(number).reverse()
  const held = own.map((marginAccount) => heldOf(parts, marginAccount))
  const marginAccounts: AccountView['marginAccounts'][number][] = []
  for (const { exact, rule, markOf, further } of held) {
    const state = yield* marginStateSteps(exact, markOf, rule, further)
    yield
    marginAccounts.push({ ...state, distance: yield* distanceTextSteps(exact, markOf, further) })
    yield
  }
  return { account, marginAccounts, isSuspended, isLost }
}

/** The distance of one margin account; undefined when it is not under watch, or its account suspended. */
export function* distanceSteps(parts: AccountParts, account: string, id: string): Steps<Distant | undefined> {
  const { watchlist } = parts
  const number = watchlist.find(account)
  if (number < 0 || watchlist.isSuspended(number)) return undefined
  const own = watchlist.marginAccountsOf(number).find((one) => watchlist.subjectOf(one).id === id)
  if (own === undefined) return undefined
  const { exact, markOf, further } = heldOf(parts, own)
  return { distance: yield* distanceTextSteps(exact, markOf, further) }
}

/** A margin account with its prices of this moment: they move while its answers are worked at. */
function heldOf({ watchlist, markets }: AccountParts, marginAccount: number) {
  const exact = watchlist.exactOf(marginAccount)
  const { formula, venue } = exact
  const [present, presentFurther] = [markets.markOf(venue), markets.furtherOf(venue)]
  const symbols = [...symbolsOf(formula), ...furtherSymbolsOf(formula)]
  const marks = new Map(symbols.map((symbol) => [symbol, present(symbol)]))
  const rates = new Map(
    fundingSymbolsOf(formula).map((symbol) => [symbol, presentFurther.fundingRateOf?.(symbol)]),
  )
  const { pool } = formula
  const assets = pool === undefined ? [] : indexAssetsOf(pool)
  const indexes = new Map(
    assets.map((asset) => [asset, presentFurther.indexPriceOf?.(asset, pool!.currency)]),
  )
  const further: FurtherPrices = {
    fundingRateOf: (symbol) => rates.get(symbol),
    indexPriceOf: (asset) => indexes.get(asset),
  }
  const markOf = (symbol: string) => marks.get(symbol)
  return { exact, rule: watchlist.ruleOf(marginAccount), markOf, further }
}
