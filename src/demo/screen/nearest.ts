import type { Account, RuleBook } from '../../domain/index.ts'
import { type LevelRule, marginAccountsOf, marginStateOf } from '../../margin/index.ts'
import type { NearestLine } from './snapshot.ts'

/** A margin account as the worker names it, with its exact ratio. */
export interface NearMarginAccount {
  readonly marginAccount: string
  readonly venue: string
  readonly marginRatio: string
}

/** Adds how far away, in percent, the mark is at which each would be liquidated: the nearest of its positions. */
export function withDistances(
  near: readonly NearMarginAccount[],
  accountOf: (id: string) => Account,
  bookOf: (venue: Account['venue']) => RuleBook,
  markOf: (venue: string, symbol: string) => string | undefined,
  rule: LevelRule,
): NearestLine[] {
  return near.map(({ marginAccount: id, venue, marginRatio }) => {
    const account = accountOf(id.slice(0, id.indexOf(':')))
    const exact = marginAccountsOf(account, bookOf(account.venue)).find((entry) => entry.id === id)
    const state = exact && marginStateOf(exact, (symbol) => markOf(venue, symbol), rule)
    const distances = (state?.positions ?? []).flatMap(({ markPrice, liquidationPrice }) =>
      markPrice === null || liquidationPrice === null
        ? []
        : [Math.abs(Number(liquidationPrice) / Number(markPrice) - 1) * 100],
    )
    return {
      marginAccount: id,
      venue,
      marginRatio: Number(marginRatio),
      distancePercent: distances.length === 0 ? null : Math.min(...distances),
    }
  })
}
